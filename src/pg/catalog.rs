//! Look-ups in the system catalogs: relations, columns, types and names; and quoting names for SQL.

use pgrx::pg_sys;
use std::ffi::{CStr, CString};

/// `name` quoted where SQL needs it.
pub fn quote_identifier(name: &str) -> String {
    pgrx::spi::quote_identifier(name)
}

/// `value` as an SQL string literal.
pub fn quote_literal(value: &str) -> String {
    pgrx::spi::quote_literal(value)
}

/// The relation's name, qualified and quoted, ready for SQL; `None` if there is no such relation.
pub fn qualified_name(relation: pg_sys::Oid) -> Option<String> {
    // SAFETY: both look-ups answer null for what is gone.
    unsafe {
        let name = pg_sys::get_rel_name(relation);
        let schema = pg_sys::get_namespace_name(pg_sys::get_rel_namespace(relation));
        if name.is_null() || schema.is_null() {
            return None;
        }
        let quoted = |name| quote_identifier(&CStr::from_ptr(name).to_string_lossy());
        Some(format!("{}.{}", quoted(schema), quoted(name)))
    }
}

/// The relation's name, unquoted and without its schema.
pub fn relation_name(relation: pg_sys::Oid) -> String {
    // SAFETY: null for what is gone, else a palloc'd string.
    unsafe {
        let name = pg_sys::get_rel_name(relation);
        match name.is_null() {
            true => String::new(),
            false => CStr::from_ptr(name).to_string_lossy().into_owned(),
        }
    }
}

/// The kind of a relation: `r` table, `p` partitioned table, `v` view …; `None` if it does not exist.
pub fn relation_kind(relation: pg_sys::Oid) -> Option<char> {
    // SAFETY: a syscache look-up by value; '\0' for what is gone.
    let kind = unsafe { pg_sys::get_rel_relkind(relation) } as u8;
    (kind != 0).then_some(char::from(kind))
}

/// The type of a relation's column; `None` if there is no such column.
pub fn column_type(relation: pg_sys::Oid, column: &str) -> Option<pg_sys::Oid> {
    let column = CString::new(column).ok()?;
    // SAFETY: syscache look-ups; an unknown name gives attribute number 0.
    unsafe {
        let number = pg_sys::get_attnum(relation, column.as_ptr());
        (number > 0).then(|| pg_sys::get_atttype(relation, number))
    }
}

/// Whether the type, or the base of a domain, is a base type and not an array. Only superusers can create
/// base types. The owner of any other type can define a cast, whose code would run when a value is cast.
pub fn is_base_type(oid: pg_sys::Oid) -> bool {
    // SAFETY: look-ups of a type that exists, by value.
    unsafe {
        let base = pg_sys::getBaseType(oid);
        pg_sys::get_typtype(base) == pg_sys::TYPTYPE_BASE as i8
            && pg_sys::get_element_type(base) == pg_sys::InvalidOid
    }
}

/// Whether the type, or the type of an array's elements, is one of Postgres' own.
pub fn is_system_type(oid: pg_sys::Oid) -> bool {
    oid.to_u32() < pg_sys::FirstNormalObjectId
}

/// The category of a type, or of the base of a domain: `N` number, `D` date or time, `S` text …
pub fn type_category(oid: pg_sys::Oid) -> char {
    let mut category = 0;
    let mut preferred = false;
    // SAFETY: look-ups of a type that exists, into variables of ours.
    unsafe {
        let base = pg_sys::getBaseType(oid);
        pg_sys::get_type_category_preferred(base, &mut category, &mut preferred);
    }
    char::from(category as u8)
}

/// Locks the relation as INSERT does, so that it cannot be dropped or altered until the transaction ends.
/// It may be dropped already.
pub fn lock_for_insert(relation: pg_sys::Oid) {
    // SAFETY: a lock by value; the end of the transaction gives it back.
    unsafe { pg_sys::LockRelationOid(relation, pg_sys::RowExclusiveLock as i32) }
}

/// Locks the relation as SELECT does, so that it cannot be dropped, rewritten or replaced until the
/// transaction ends. It may be dropped already.
pub fn lock_for_reading(relation: pg_sys::Oid) {
    // SAFETY: a lock by value; the end of the transaction gives it back.
    unsafe { pg_sys::LockRelationOid(relation, pg_sys::AccessShareLock as i32) }
}

mod partition {
    use pgrx::pg_sys::{LOCKMODE, List, Oid};

    // Not among pgrx's own.
    unsafe extern "C-unwind" {
        pub fn get_partition_ancestors(relation: Oid) -> *mut List;
        pub fn find_all_inheritors(
            whole: Oid,
            lock: LOCKMODE,
            parents: *mut *mut List,
        ) -> *mut List;
    }
}

/// Locks all partitions below `relation` for reading until the transaction ends, without waiting; false if
/// a lock cannot be had at once.
pub fn lock_parts_if_free(relation: pg_sys::Oid) -> bool {
    let (none, no_lock) = (std::ptr::null_mut(), pg_sys::NoLock as i32);
    // SAFETY: the guard turns an error of Postgres' into one of Rust's; the list holds oids, at least that
    // of the relation; locks are taken by value.
    unsafe {
        let tree = pg_sys::ffi::pg_guard_ffi_boundary(|| {
            partition::find_all_inheritors(relation, no_lock, none)
        });
        let mode = pg_sys::AccessShareLock as i32;
        (0..(*tree).length as usize)
            .map(|n| (*(*tree).elements.add(n)).oid_value)
            .filter(|table| *table != relation)
            .all(|table| pg_sys::ConditionalLockRelationOid(table, mode))
    }
}

/// Whether rows of `relation` are rows of `whole`: it is that table, or a partition of it.
pub fn is_part_of(relation: pg_sys::Oid, whole: pg_sys::Oid) -> bool {
    if relation == whole {
        return true;
    }
    // SAFETY: the guard turns an error of Postgres' into one of Rust's; the relation exists, and NIL, the
    // empty list, is a list too.
    unsafe {
        let ancestors =
            pg_sys::ffi::pg_guard_ffi_boundary(|| partition::get_partition_ancestors(relation));
        pg_sys::list_member_oid(ancestors, whole)
    }
}

/// The role that owns the relation; `None` if it does not exist.
pub fn owner(relation: pg_sys::Oid) -> Option<pg_sys::Oid> {
    class(relation, |class| class.relowner)
}

/// Whether the relation is temporary.
pub fn is_temporary(relation: pg_sys::Oid) -> bool {
    class(relation, |class| {
        class.relpersistence as u8 == pg_sys::RELPERSISTENCE_TEMP
    }) == Some(true)
}

/// The relation called `schema.name`.
pub fn find(schema: &CStr, name: &CStr) -> Option<pg_sys::Oid> {
    // SAFETY: look-ups by name; InvalidOid for what does not exist (`missing_ok`).
    unsafe {
        let schema = pg_sys::get_namespace_oid(schema.as_ptr(), true);
        let relation = pg_sys::get_relname_relid(name.as_ptr(), schema);
        (relation != pg_sys::InvalidOid).then_some(relation)
    }
}

fn class<R>(
    relation: pg_sys::Oid,
    read: impl FnOnce(&pg_sys::FormData_pg_class) -> R,
) -> Option<R> {
    // SAFETY: the tuple is pinned until released, and its fixed part is a FormData_pg_class.
    unsafe {
        let cache = pg_sys::SysCacheIdentifier::RELOID as i32;
        let tuple = pg_sys::SearchSysCache1(cache, pg_sys::Datum::from(relation));
        if tuple.is_null() {
            return None;
        }
        let data = (*tuple).t_data;
        let form = data
            .cast::<u8>()
            .add((*data).t_hoff as usize)
            .cast::<pg_sys::FormData_pg_class>();
        let result = read(&*form);
        pg_sys::ReleaseSysCache(tuple);
        Some(result)
    }
}

/// The names of a relation's columns, in order.
pub fn column_names(relation: pg_sys::Oid) -> Vec<String> {
    let columns = class(relation, |class| class.relnatts).unwrap_or(0);
    (1..=columns)
        .filter_map(|number| {
            // SAFETY: `missing_ok`: null for a dropped column, else a palloc'd string.
            unsafe {
                let name = pg_sys::get_attname(relation, number, true);
                (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
            }
        })
        .collect()
}

/// Whether the encoding of this database is UTF-8.
pub fn is_utf8() -> bool {
    // SAFETY: a plain read of a setting of the database.
    unsafe { pg_sys::GetDatabaseEncoding() == pg_sys::pg_enc::PG_UTF8 as i32 }
}
