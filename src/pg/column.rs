//! Column definitions such as `menu_id bigint, name text NOT NULL`, parsed by Postgres' own parser.
//!
//! A column has a name, a type, and possibly NOT NULL and DEFAULT. What else a table can have (keys,
//! generated columns) is an error, since a batch of rows cannot.

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
    /// The default expression as the user wrote it.
    pub default: Option<String>,
}

impl Column {
    /// The type's name for SQL, qualified unless it is one of pg_catalog.
    pub fn type_name(&self) -> String {
        // SAFETY: the type exists: its oid came from the parser.
        unsafe {
            let flags = pg_sys::FORMAT_TYPE_TYPEMOD_GIVEN | pg_sys::FORMAT_TYPE_FORCE_QUALIFY;
            let name = pg_sys::format_type_extended(self.type_oid, self.typmod, flags as u16);
            CStr::from_ptr(name).to_string_lossy().into_owned()
        }
    }

    /// Whether every text is a value of the column's type.
    pub fn is_text(&self) -> bool {
        [pg_sys::TEXTOID, pg_sys::VARCHAROID, pg_sys::BPCHAROID].contains(&self.type_oid)
    }
}

/// The most columns that a table may have.
const MAX_COLUMNS: usize = pg_sys::MaxHeapAttributeNumber as usize;

/// What comes before the column list in the statement that is parsed.
const PREFIX: &str = "CREATE TABLE batch (";

/// Parses a list of column definitions; raises an error for a mistake.
pub fn parse_columns(columns: &str) -> Vec<Column> {
    let list = ColumnList(columns);
    // SAFETY: the definitions are nodes of the parser.
    unsafe {
        let definitions = list.definitions();
        let mut found: Vec<Column> = Vec::new();
        for (number, definition) in definitions.iter().enumerate() {
            let column = list.column(*definition, definitions.get(number + 1).copied());
            if found.iter().any(|other| other.name == column.name) {
                list.refuse(format!("column \"{}\" is declared twice", column.name));
            }
            found.push(column);
        }
        if found.is_empty() {
            list.refuse("the column list is empty".into());
        }
        found
    }
}

/// The text of a column list.
struct ColumnList<'l>(&'l str);

impl ColumnList<'_> {
    fn refuse(&self, message: String) -> ! {
        Raise::new(PgSqlErrorCode::ERRCODE_SYNTAX_ERROR, message)
            .detail(format!("The column list is \"{}\".", self.0))
            .hint("Write it as in CREATE TABLE, for example 'menu_id bigint NOT NULL, name text'.")
            .raise()
    }

    /// The definitions of the columns, as nodes of the parser.
    fn definitions(&self) -> Vec<*mut pg_sys::ColumnDef> {
        // The closing parenthesis is on a line of its own, in case the list ends in a comment.
        let Ok(statement) = CString::new(format!("{PREFIX}{}\n)", self.0)) else {
            self.refuse("the column list contains a NUL character".into())
        };
        let parsed = match super::subtransaction::subtransaction(|| tree(&statement)) {
            Ok(parsed) => parsed,
            Err(error) => self.refuse(format!("the column list does not parse: {}", error.message)),
        };
        // SAFETY: the parser returns a list of RawStmt; each node's tag is checked before it is cast.
        let elements = unsafe {
            let [statement] = items(parsed)[..] else {
                self.refuse("the column list does not parse: it ends too early".into())
            };
            let statement = (*statement.cast::<pg_sys::RawStmt>()).stmt;
            if (*statement).type_ != pg_sys::NodeTag::T_CreateStmt {
                self.refuse("the column list does not parse: it is not a list of columns".into());
            }
            let create = &*statement.cast::<pg_sys::CreateStmt>();
            let is_plain = create.options.is_null()
                && create.inhRelations.is_null()
                && create.partspec.is_null()
                && create.tablespacename.is_null()
                && create.accessMethod.is_null();
            if !is_plain {
                self.refuse("the column list does not parse: it ends too early".into());
            }
            items(create.tableElts)
        };
        if elements.len() > MAX_COLUMNS {
            Raise::new(
                PgSqlErrorCode::ERRCODE_TOO_MANY_COLUMNS,
                format!("the column list has {} columns", elements.len()),
            )
            .hint(format!(
                "A stream has at most {MAX_COLUMNS} columns, as a table has."
            ))
            .raise();
        }
        elements
            .into_iter()
            .map(|element| self.definition(element))
            .collect()
    }

    fn definition(&self, element: *mut pg_sys::Node) -> *mut pg_sys::ColumnDef {
        // SAFETY: a node of the parser, whose tag is checked before it is cast.
        if unsafe { (*element).type_ } != pg_sys::NodeTag::T_ColumnDef {
            self.refuse("the column list may hold columns only, no table constraints".into());
        }
        element.cast()
    }

    /// The column that a definition describes. `next` is the definition after it.
    ///
    /// # Safety
    /// Both must be nodes that the parser has made of this list.
    unsafe fn column(
        &self,
        definition: *mut pg_sys::ColumnDef,
        next: Option<*mut pg_sys::ColumnDef>,
    ) -> Column {
        // SAFETY: by contract; a name and a type of the parser's.
        unsafe {
            let definition = &*definition;
            let name = CStr::from_ptr(definition.colname).to_string_lossy();
            let mut column = Column {
                name: name.into_owned(),
                type_oid: pg_sys::InvalidOid,
                typmod: -1,
                not_null: definition.is_not_null,
                default: None,
            };
            self.read_constraints(definition, next, &mut column);
            let name = &column.name;
            if definition.typeName.is_null() {
                self.refuse(format!("column \"{name}\" has no type"));
            }
            if (*definition.typeName).setof {
                self.refuse(format!("column \"{name}\" is declared as a set"));
            }
            let is_plain = definition.collClause.is_null()
                && definition.compression.is_null()
                && definition.fdwoptions.is_null();
            if !is_plain {
                self.refuse_constraint(name);
            }
            // A position in the generated statement would mean nothing to the user.
            (*definition.typeName).location = -1;
            pg_sys::typenameTypeIdAndMod(
                std::ptr::null_mut(),
                definition.typeName,
                &mut column.type_oid,
                &mut column.typmod,
            );
            if pg_sys::get_typtype(column.type_oid) == pg_sys::TYPTYPE_PSEUDO as i8 {
                self.refuse(format!("column \"{}\" has a pseudo-type", column.name));
            }
            column
        }
    }

    /// Reads the constraints of a definition into the column: NOT NULL, NULL and DEFAULT.
    ///
    /// # Safety
    /// Both definitions must be nodes that the parser has made of this list.
    unsafe fn read_constraints(
        &self,
        definition: &pg_sys::ColumnDef,
        next: Option<*mut pg_sys::ColumnDef>,
        column: &mut Column,
    ) {
        // SAFETY: by contract; the tag of each constraint is checked before it is cast. The positions count
        // in the generated statement.
        unsafe {
            let in_list = |location: i32| (location as usize).saturating_sub(PREFIX.len());
            let constraints = items(definition.constraints);
            let start_of = |constraint: *mut pg_sys::Node| {
                in_list((*constraint.cast::<pg_sys::Constraint>()).location)
            };
            for (number, constraint) in constraints.iter().copied().enumerate() {
                let kind = ((*constraint).type_ == pg_sys::NodeTag::T_Constraint)
                    .then(|| (*constraint.cast::<pg_sys::Constraint>()).contype);
                match kind {
                    Some(pg_sys::ConstrType::CONSTR_NOTNULL) => column.not_null = true,
                    Some(pg_sys::ConstrType::CONSTR_NULL) => {}
                    Some(pg_sys::ConstrType::CONSTR_DEFAULT) => {
                        let start = start_of(constraint) + "DEFAULT".len();
                        let text = match (constraints.get(number + 1), next) {
                            (Some(after), _) => self.0.get(start..start_of(*after)),
                            (None, Some(next)) => self
                                .0
                                .get(start..in_list((*next).location))
                                .and_then(|text| text.rsplit_once(',').map(|parts| parts.0)),
                            (None, None) => self.0.get(start..),
                        };
                        let text = text.map(str::trim).unwrap_or_default();
                        if !matches!(is_expression(text), Ok(true)) {
                            let name = &column.name;
                            self.refuse(format!(
                                "the default of column \"{name}\" is not plainly written"
                            ));
                        }
                        column.default = Some(text.to_owned());
                    }
                    _ => self.refuse_constraint(&column.name),
                }
            }
        }
    }

    fn refuse_constraint(&self, column: &str) -> ! {
        self.refuse(format!(
            "column \"{column}\" carries more than a type, NOT NULL and DEFAULT"
        ))
    }
}
