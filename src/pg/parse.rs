//! Postgres' own parser, applied to texts of users before they become part of a query.

use pgrx::pg_sys;
use std::ffi::CStr;
use std::ops::Range;

use super::error::Caught;
use super::position::located;
use super::user::as_standard_sql;

/// The kind of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// SELECT, INSERT, UPDATE, DELETE or MERGE, which can be explained.
    Planned,
    /// CALL, NOTIFY or TRUNCATE.
    Command,
    /// Any other statement.
    Other,
}

/// One statement of a text: its bytes and its kind.
#[derive(Clone, Debug)]
pub struct Statement {
    pub range: Range<usize>,
    pub kind: Kind,
}

/// A mistake, and its position in characters from 1, if it has one.
pub type Mistake = (Caught, Option<usize>);

/// The statements of a text, without the semicolons between them.
pub fn statements(text: &str) -> Result<Vec<Statement>, Mistake> {
    let list = raw(text)?;
    // SAFETY: the parser returns a list of RawStmt.
    let found = unsafe {
        items(list).into_iter().map(|node| {
            let statement = &*node.cast::<pg_sys::RawStmt>();
            let start = statement.stmt_location.max(0) as usize;
            let end = match statement.stmt_len {
                0 => text.len(),
                length => start + length as usize,
            };
            let kind = match (*statement.stmt).type_ {
                pg_sys::NodeTag::T_SelectStmt
                | pg_sys::NodeTag::T_InsertStmt
                | pg_sys::NodeTag::T_UpdateStmt
                | pg_sys::NodeTag::T_DeleteStmt
                | pg_sys::NodeTag::T_MergeStmt => Kind::Planned,
                pg_sys::NodeTag::T_CallStmt
                | pg_sys::NodeTag::T_NotifyStmt
                | pg_sys::NodeTag::T_TruncateStmt => Kind::Command,
                _ => Kind::Other,
            };
            Statement {
                range: start..end,
                kind,
            }
        })
    };
    Ok(found.collect())
}

/// Whether the text is one expression and nothing else. It can then be put in parentheses, the closing one
/// on a line of its own, in case the text ends in a comment.
pub fn is_expression(text: &str) -> Result<bool, Mistake> {
    Ok(expression(text)?.is_some())
}

/// The tree of an expression; `None` if the text is not one expression.
pub(super) fn expression(text: &str) -> Result<Option<*mut pg_sys::Node>, Mistake> {
    const PREFIX: &str = "SELECT ";
    let list = raw(&format!("{PREFIX}{text}"))
        .map_err(|(error, at)| (error, at.map(|at| at.saturating_sub(PREFIX.len()).max(1))))?;
    // SAFETY: the parser returns a list of RawStmt; the tag is checked before the cast.
    unsafe {
        let [statement] = items(list)[..] else {
            return Ok(None);
        };
        let statement = (*statement.cast::<pg_sys::RawStmt>()).stmt;
        if (*statement).type_ != pg_sys::NodeTag::T_SelectStmt {
            return Ok(None);
        }
        let select = &*statement.cast::<pg_sys::SelectStmt>();
        let targets = items(select.targetList);
        let [target] = targets[..] else {
            return Ok(None);
        };
        let target = &*target.cast::<pg_sys::ResTarget>();
        let is_row = !target.val.is_null() && (*target.val).type_ == pg_sys::NodeTag::T_RowExpr;
        let is_alone = target.name.is_null()
            && !is_row
            && select.op == pg_sys::SetOperation::SETOP_NONE
            && select.distinctClause.is_null()
            && select.intoClause.is_null()
            && select.fromClause.is_null()
            && select.whereClause.is_null()
            && select.groupClause.is_null()
            && select.havingClause.is_null()
            && select.windowClause.is_null()
            && select.sortClause.is_null()
            && select.limitOffset.is_null()
            && select.limitCount.is_null()
            && select.lockingClause.is_null()
            && select.withClause.is_null();
        Ok(is_alone.then_some(target.val))
    }
}

/// The value of the expression, if it is a string constant.
pub fn literal(text: &str) -> Option<String> {
    let tree = expression(text).ok()??;
    // SAFETY: the tags are checked before the casts; a constant of this kind holds a string.
    unsafe {
        if (*tree).type_ != pg_sys::NodeTag::T_A_Const {
            return None;
        }
        let constant = &*tree.cast::<pg_sys::A_Const>();
        let is_text = !constant.isnull && constant.val.node.type_ == pg_sys::NodeTag::T_String;
        is_text.then(|| {
            let text = CStr::from_ptr(constant.val.sval.sval);
            text.to_string_lossy().into_owned()
        })
    }
}

fn raw(text: &str) -> Result<*mut pg_sys::List, Mistake> {
    located(|| tree(&super::session::text(text)))
}

/// Parses the text as standard SQL; raises mistakes.
pub(super) fn tree(text: &CStr) -> *mut pg_sys::List {
    as_standard_sql(|| {
        // SAFETY: the parser reads the text and answers with nodes in the current memory context.
        unsafe { pg_sys::raw_parser(text.as_ptr(), pg_sys::RawParseMode::RAW_PARSE_DEFAULT) }
    })
}

/// The nodes of a list.
///
/// # Safety
/// `list` must be null or a list of nodes.
pub(super) unsafe fn items(list: *mut pg_sys::List) -> Vec<*mut pg_sys::Node> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: a List holds `length` cells.
    unsafe {
        (0..(*list).length as usize)
            .map(|n| (*(*list).elements.add(n)).ptr_value.cast::<pg_sys::Node>())
            .collect()
    }
}
