# SPDX-License-Identifier: Apache-2.0
"""tocsin.Api: what scripts and agents read, by the program tocsin."""


def test_projects_runs_and_metrics(scripts):
    scripts.run("""
        import tocsin
        for name in ("one", "two"):
            with tocsin.init("p", name=name, config={"n": name}) as run:
                for step in range(5):
                    run.log({"a": step, "b/c": step * 2.5}, step=step)
        api = tocsin.Api()
        assert [project["name"] for project in api.projects()] == ["p"]
        runs = api.runs("p")
        assert [(run["name"], run["state"], run["last_step"]) for run in runs] == [
            ("one", "finished", 4), ("two", "finished", 4)]
        assert api.run("p", "two")["config"]["n"] == "two"
        assert api.run("p", runs[0]["id"])["config"]["n"] == "one"
        assert api.metrics("p", "one") == ["a", "b/c"]
        assert [(v["step"], v["value"]) for v in api.metric("p", "one", "b/c", around=3, window=1)] == [
            (2, 5), (3, 7.5), (4, 10)]
        assert {name: [v["value"] for v in values] for name, values in
                api.snapshot("p", "two", step=4).items()} == {"a": [4], "b/c": [10]}
        assert api.snapshot("p", "two", limit=1, around=4) == {"a": api.snapshot("p", "two", around=4)["a"][:1]}
        assert api.query("p", "select count(*) as n from metrics") == [{"n": 20}]
        """)


def test_all_values_unless_it_is_asked_for_fewer(scripts):
    scripts.run("""
        import tocsin
        with tocsin.init("p", name="long") as run:
            for step in range(3000):
                run.log({"a": 100.0 if step == 1234 else step % 7}, step=step)
        api = tocsin.Api()
        assert [v["value"] for v in api.metric("p", "long", "a")] == [
            100 if step == 1234 else step % 7 for step in range(3000)]
        few = api.metric("p", "long", "a", max_points=50)
        assert 20 < len(few) <= 50 and max(v["value"] for v in few) == 100
        assert api.metric("p", "long", "a", agg="mean", step=5) == [
            {**{k: v for k, v in api.metric("p", "long", "a", step=5)[0].items() if k != "rank"}, "ranks": 1}]
        assert len(api.snapshot("p", "long", around=1500, window=1500)["a"]) == 3000
        """)


def test_errors_say_what_tocsin_said(scripts):
    log = scripts.run("""
        import tocsin
        from tocsin.api import ApiError
        def says(api, call, not_found=False):
            try:
                call(api)
            except ApiError as error:
                assert error.not_found == not_found, error
                print("said", error)
            else:
                raise SystemExit("no error")
        says(tocsin.Api(), lambda api: api.runs("nobody"), not_found=True)
        says(tocsin.Api(), lambda api: api.query("nobody", "select 1"), not_found=True)
        says(tocsin.Api(dsn="host=/nowhere"), lambda api: api.projects())
        says(tocsin.Api(program="/nowhere/tocsin"), lambda api: api.projects())
        says(tocsin.Api(timeout=0.001), lambda api: api.projects())
        """)
    for text in ("'nobody'", "cannot be started", "no answer within 0.001 s"):
        assert text in log, log


def test_alerts_by_cursor(scripts):
    """Each alert once, in the order in which they were stored."""
    scripts.run("""
        import tocsin
        api = tocsin.Api()
        assert api.alerts("p") == ([], None)
        assert api.alerts("nobody", cursor="5:5:") == ([], "5:5:")
        run = tocsin.init("p", name="it's")
        tocsin.alert("first", "text", level="error", step=3)
        (first,), cursor = api.alerts("p", wait=20)
        assert (first["title"], first["text"], first["level"], first["step"], first["run"], first["rank"]) == (
            "first", "text", "error", 3, "it's", 0)
        nothing, cursor = api.alerts("p", cursor=cursor)
        assert nothing == []
        titles = [f"alert {i}" for i in range(20)]
        for i, title in enumerate(titles):
            tocsin.alert(title, level="info" if i % 2 else "warn")
        found = []
        while len(found) < 20:
            more, cursor = api.alerts("p", cursor=cursor, wait=20)
            assert more
            found += [alert["title"] for alert in more]
        assert found == titles
        assert len(api.alerts("p", run="it's", level="warn")[0]) == 10
        assert api.alerts("p", run="other")[0] == []
        """)


def test_an_open_transaction_delays_nobody(db, scripts):
    """Not even the one that begins first and stores last is missed."""
    db.query("begin")
    db.query("select pg_current_xact_id()")
    scripts.run("""
        import tocsin
        with tocsin.init("p"):
            tocsin.alert("meanwhile")
        """)
    first = scripts.run("""
        import tocsin
        alerts, cursor = tocsin.Api().alerts("p")
        print("titles", [alert["title"] for alert in alerts], "cursor", cursor)
        """)
    assert "titles ['meanwhile']" in first
    db.query("insert into alerts (project_id, run_id, rank, attempt, level, title, time) "
             "select project_id, run_id, 0, 0, 1, 'late', now() from runs")
    db.query("commit")
    cursor = first.split("cursor ")[1].strip()
    assert "titles ['late']" in scripts.run(f"""
        import tocsin
        print("titles", [alert["title"] for alert in tocsin.Api().alerts("p", cursor={cursor!r})[0]])
        """)
