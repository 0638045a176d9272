//! Column definitions: `menu_id bigint, name text NOT NULL` read by Postgres' own parser.
//!
//! Refuses everything but a name, a type, NOT NULL and DEFAULT: what a table could do beyond that (keys,
//! generated columns) a batch of rows cannot.

use pgrx::pg_sys;
use pgrx::prelude::*;
use std::ffi::{CStr, CString};

use super::error::Raise;
use super::parse::{is_expression, items, tree};

/// One declared column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub type_oid: pg_sys::Oid,
    pub typmod: i32,
    pub not_null: bool,
    /// An expression, as it was written.
    pub default: Option<String>,
}

impl Column {
    /// The type as SQL writes it, qualified where the search path would not find it.
    pub fn type_name(&self) -> String {
        // SAFETY: the type exists: its oid came from the parser.
        unsafe {
            let flags = pg_sys::FORMAT_TYPE_TYPEMOD_GIVEN | pg_sys::FORMAT_TYPE_FORCE_QUALIFY;
            let name = pg_sys::format_type_extended(self.type_oid, self.typmod, flags as u16);
            CStr::from_ptr(name).to_string_lossy().into_owned()
        }
    }
}

impl Column {
    /// Whether every text is a value of it.
    pub fn is_text(&self) -> bool {
        [pg_sys::TEXTOID, pg_sys::VARCHAROID, pg_sys::BPCHAROID].contains(&self.type_oid)
    }
}

/// As many columns as a table may have.
const MOST_COLUMNS: usize = pg_sys::MaxHeapAttributeNumber as usize;

/// Reads a list of column definitions. A mistake is raised with its position in the list.
pub fn parse_columns(columns: &str) -> Vec<Column> {
    const PREFIX: &str = "CREATE TABLE batch (";
    let refuse = |what: String| -> ! {
        Raise::new(PgSqlErrorCode::ERRCODE_SYNTAX_ERROR, what)
            .detail(format!("The column list is \"{columns}\"."))
            .hint("Write it as in CREATE TABLE, for example 'menu_id bigint NOT NULL, name text'.")
            .raise()
    };
    // On a line of its own, the bracket is in no comment of the list's.
    let Ok(statement) = CString::new(format!("{PREFIX}{columns}\n)")) else {
        refuse("the column list contains a NUL character".into())
    };
    // SAFETY: the parser returns a list of RawStmt; each node's tag is checked before it is cast. The
    // places count in the generated statement.
    unsafe {
        let place = |constraint: *mut pg_sys::Node| {
            ((*constraint.cast::<pg_sys::Constraint>()).location as usize)
                .saturating_sub(PREFIX.len())
        };
        let column_place = |definition: *mut pg_sys::Node| {
            ((*definition.cast::<pg_sys::ColumnDef>()).location as usize)
                .saturating_sub(PREFIX.len())
        };
        let parsed = match super::subtransaction::subtransaction(|| tree(&statement)) {
            Ok(parsed) => parsed,
            Err(error) => refuse(format!("the column list does not parse: {}", error.message)),
        };
        let statements = items(parsed);
        let [statement] = statements[..] else {
            refuse("the column list does not parse: it ends too early".into())
        };
        let statement = (*statement.cast::<pg_sys::RawStmt>()).stmt;
        if (*statement).type_ != pg_sys::NodeTag::T_CreateStmt {
            refuse("the column list does not parse: it is not a list of columns".into());
        }
        let create = &*statement.cast::<pg_sys::CreateStmt>();
        let plain = create.options.is_null()
            && create.inhRelations.is_null()
            && create.partspec.is_null()
            && create.tablespacename.is_null()
            && create.accessMethod.is_null();
        if !plain {
            refuse("the column list does not parse: it ends too early".into());
        }
        let mut found: Vec<Column> = Vec::new();
        let elements = items(create.tableElts);
        if elements.len() > MOST_COLUMNS {
            Raise::new(
                PgSqlErrorCode::ERRCODE_TOO_MANY_COLUMNS,
                format!("the column list has {} columns", elements.len()),
            )
            .hint(format!(
                "A stream has at most {MOST_COLUMNS} columns, as a table has."
            ))
            .raise();
        }
        for (number, item) in elements.iter().copied().enumerate() {
            if (*item).type_ != pg_sys::NodeTag::T_ColumnDef {
                refuse("the column list may hold columns only, no table constraints".into());
            }
            let definition = &*item.cast::<pg_sys::ColumnDef>();
            let name = CStr::from_ptr(definition.colname)
                .to_string_lossy()
                .into_owned();
            if found.iter().any(|column| column.name == name) {
                refuse(format!("column \"{name}\" is declared twice"));
            }
            let mut column = Column {
                name,
                type_oid: pg_sys::InvalidOid,
                typmod: -1,
                not_null: definition.is_not_null,
                default: None,
            };
            let constraints = items(definition.constraints);
            for (n, constraint) in constraints.iter().copied().enumerate() {
                let kind = ((*constraint).type_ == pg_sys::NodeTag::T_Constraint)
                    .then(|| (*constraint.cast::<pg_sys::Constraint>()).contype);
                match kind {
                    Some(pg_sys::ConstrType::CONSTR_NOTNULL) => column.not_null = true,
                    Some(pg_sys::ConstrType::CONSTR_NULL) => {}
                    Some(pg_sys::ConstrType::CONSTR_DEFAULT) => {
                        let start = place(constraint) + "DEFAULT".len();
                        let text = match (constraints.get(n + 1), elements.get(number + 1)) {
                            (Some(next), _) => columns.get(start..place(*next)),
                            (None, Some(next)) => columns
                                .get(start..column_place(*next))
                                .and_then(|text| text.rsplit_once(',').map(|parts| parts.0)),
                            (None, None) => columns.get(start..),
                        };
                        let text = text.map(str::trim).unwrap_or_default();
                        if !matches!(is_expression(text), Ok(true)) {
                            refuse(format!(
                                "the default of column \"{}\" is not plainly written",
                                column.name
                            ));
                        }
                        column.default = Some(text.to_owned());
                    }
                    _ => refuse(format!(
                        "column \"{}\" carries more than a type, NOT NULL and DEFAULT",
                        column.name
                    )),
                }
            }
            if definition.typeName.is_null() {
                refuse(format!("column \"{}\" has no type", column.name));
            }
            if (*definition.typeName).setof {
                refuse(format!("column \"{}\" is declared as a set", column.name));
            }
            let plain = definition.collClause.is_null()
                && definition.compression.is_null()
                && definition.fdwoptions.is_null();
            if !plain {
                refuse(format!(
                    "column \"{}\" carries more than a type, NOT NULL and DEFAULT",
                    column.name
                ));
            }
            // Positions inside the generated statement would point nowhere for the user.
            (*definition.typeName).location = -1;
            pg_sys::typenameTypeIdAndMod(
                std::ptr::null_mut(),
                definition.typeName,
                &mut column.type_oid,
                &mut column.typmod,
            );
            if pg_sys::get_typtype(column.type_oid) == pg_sys::TYPTYPE_PSEUDO as i8 {
                refuse(format!("column \"{}\" has a pseudo-type", column.name));
            }
            found.push(column);
        }
        if found.is_empty() {
            refuse("the column list is empty".into());
        }
        found
    }
}
