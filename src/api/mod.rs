//! The SQL functions: each converts its arguments, calls another module, and maps the error.
//!
//! Every function declares its volatility, strictness, parallel safety and cost, and has a comment in
//! `sql/comments.sql`.

mod check;
mod counting;
mod distance;
mod explain;
mod highlight;
mod lexicon;
mod load_file;
mod matching;
mod rejects;
mod stream;
mod v0_1;

pgrx::extension_sql_file!("../../sql/catalog.sql", name = "catalog", bootstrap);
pgrx::extension_sql_file!(
    "../../sql/types.sql",
    name = "types",
    requires = ["catalog"]
);
pgrx::extension_sql_file!("../../sql/feed.sql", name = "feed", requires = ["catalog"]);
pgrx::extension_sql_file!(
    "../../sql/views.sql",
    name = "views",
    requires = [lexicon::lexicon_report]
);
pgrx::extension_sql_file!(
    "../../sql/check.sql",
    name = "check",
    requires = [
        "views",
        check::lexicon_problem,
        check::stale_files,
        lexicon::note_change,
        stream::take_rows,
        stream::left_out,
        stream::takes_rows
    ]
);
pgrx::extension_sql_file!("../../sql/comments.sql", name = "comments", finalize);
