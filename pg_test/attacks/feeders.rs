//! Feeders who want more of a stream than it does for them: past its conditions, or with the rights of
//! the stream that was fed before.

use crate::mallory::Mallory;

#[test]
fn a_feeders_settings_do_not_change_what_a_condition_says() {
    let mut m = Mallory::new("feeder_settings");
    m.superuser.run(
        r#"CREATE TABLE t (a text, b int);
          SELECT termstream.create_stream('public.s', 'a text DEFAULT ''\'', b int', 'INSERT INTO t SELECT * FROM batch',
              check_rows => '{"no digit": "a !~ ''\\d''", "known": "b = NULL OR b > 0"}');
          GRANT INSERT ON s TO PUBLIC"#,
    );
    let bad = "INSERT INTO public.s VALUES ('4', 1), ('no', 1), ('none', -1)";
    m.session.run(bad);
    for settings in [
        "SET standard_conforming_strings = off; SET backslash_quote = on; SET escape_string_warning = off",
        "SET transform_null_equals = on",
    ] {
        m.superuser.run("TRUNCATE t, s_rejects");
        m.session.run(settings);
        m.session.run(bad);
        m.session.run("INSERT INTO public.s (b) VALUES (2)");
        assert_eq!(
            m.superuser.lines("SELECT a FROM t ORDER BY b"),
            ["none", "no", r"\"],
            "{settings}"
        );
        assert_eq!(
            m.superuser
                .lines("SELECT checks FROM s_rejects ORDER BY lineno"),
            [r#"{"no digit"}"#],
            "{settings}"
        );
        m.session.run("RESET ALL; SET search_path = mallory");
    }
    // Who makes a stream has it read in the same manner.
    m.superuser.run(
        r"SET standard_conforming_strings = off; SET escape_string_warning = off;
          SELECT termstream.alter_stream('public.s', check_rows => $$a <> '\' AND b > 0$$);
          RESET standard_conforming_strings",
    );
    m.superuser
        .run("TRUNCATE t, s_rejects; INSERT INTO s VALUES ('\\', 1), ('x', 2)");
    assert_eq!(m.superuser.lines("SELECT a FROM t"), ["x"]);
    // The condition of who takes rejects again, too.
    m.superuser
        .run("SET standard_conforming_strings = off; SET escape_string_warning = off");
    let retry = r"SELECT rejected FROM termstream.retry_rejects('s', $$line LIKE '\\%'$$)";
    assert_eq!(m.superuser.one(retry), "1");
}

#[test]
fn a_plan_made_for_one_owner_does_not_run_for_another() {
    let mut m = Mallory::new("feeder_plans");
    let role = m.role.clone();
    m.superuser.run(
        "CREATE FUNCTION secret() RETURNS text LANGUAGE sql STABLE AS $$SELECT 'secret'::text$$;
         CREATE TABLE out (a text); GRANT INSERT, SELECT ON out TO PUBLIC",
    );
    // One text for both, which the planner takes apart: then nobody asks for the right to call it again.
    let statement = "INSERT INTO public.out SELECT public.secret() FROM batch";
    let make = |name: &str| {
        format!(
            "SET search_path = pg_catalog; SELECT termstream.create_stream('{name}', 'a text', '{statement}')"
        )
    };
    m.superuser.run(&make("public.s"));
    m.session.run(&make("mallory.s"));
    m.superuser.run(&format!(
        "REVOKE EXECUTE ON FUNCTION public.secret() FROM PUBLIC; GRANT INSERT ON public.s TO {role}"
    ));
    m.session.run("INSERT INTO public.s VALUES ('x')");
    m.session
        .error("INSERT INTO mallory.s VALUES ('x')")
        .is("42501", "permission denied for function secret");
    m.session.run("INSERT INTO public.s VALUES ('x')");
    assert_eq!(m.superuser.one("SELECT count(*) FROM public.out"), "2");
}
