//! Postgres' own parser, asked what a text is before anything is done with it.

use pgrx::pg_sys;
use std::ffi::CStr;
use std::ops::Range;

use super::error::Caught;
use super::position::located;
use super::user::as_standard_sql;

/// What kind of statement it is, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// SELECT, INSERT, UPDATE, DELETE, MERGE: it has a plan.
    Planned,
    /// CALL, NOTIFY, TRUNCATE.
    Command,
    Other,
}

/// One statement of a text: which bytes of it, and its kind.
#[derive(Clone, Debug)]
pub struct Statement {
    pub range: Range<usize>,
    pub kind: Kind,
}

/// A mistake, and the character where it stands, from 1.
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

/// Whether the text is one expression and nothing besides: what can stand in brackets of which the
/// closing one is on a line of its own, outside of the text's last comment.
pub fn is_expression(text: &str) -> Result<bool, Mistake> {
    Ok(expression(text)?.is_some())
}

/// The expression's tree, where the text is one expression: see [`is_expression`].
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

/// The text that the expression writes, where it is nothing but a text in quotes.
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

/// What the parser makes of the text, as standard SQL; a mistake is raised.
pub(super) fn tree(text: &CStr) -> *mut pg_sys::List {
    as_standard_sql(|| {
        // SAFETY: the parser reads the text and answers with nodes in the current memory context.
        unsafe { pg_sys::raw_parser(text.as_ptr(), pg_sys::RawParseMode::RAW_PARSE_DEFAULT) }
    })
}

/// # Safety
/// `list` is null or a list of nodes.
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
