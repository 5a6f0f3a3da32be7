# SPDX-License-Identifier: Apache-2.0
"""All ranks of a launch write into one run, each with its rank, whoever launched them."""

import pytest

from rig.wait import wait_for

LAUNCHERS = {
    "torchrun": lambda rank, n: {
        "RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": n, "LOCAL_WORLD_SIZE": n,
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": 29500, "TORCHELASTIC_RUN_ID": "job-7"},
    "torchrun without a name": lambda rank, n: {
        "RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": n, "LOCAL_WORLD_SIZE": n,
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": 29500, "TORCHELASTIC_RUN_ID": "none"},
    "Slurm": lambda rank, n: {
        "SLURM_PROCID": rank, "SLURM_NTASKS": n, "SLURM_JOB_ID": 4711, "SLURM_STEP_ID": 0},
    "mpirun": lambda rank, n: {
        "OMPI_COMM_WORLD_RANK": rank, "OMPI_COMM_WORLD_SIZE": n, "OMPI_MCA_ess_base_jobid": 99},
}
RANK = """
    import tocsin
    run = tocsin.init(config={"lr": 0.1})
    for step in range(20):
        tocsin.log({"loss": step + 0.5, "rank": int(__import__("sys").argv[1])}, step=step)
    tocsin.alert("from a rank", level="info")
    assert tocsin.finish(), run.stats()
    """


def launch(scripts, script, variables, ranks, *argv):
    """One process for each rank; waits for all of them."""
    processes = [scripts.start(script, rank, *argv,
                               **{k: str(v) for k, v in variables(rank, len(ranks)).items()})
                 for rank in ranks]
    wait_end(processes)


def wait_end(processes):
    for process in processes:
        wait_for(lambda: process.code is not None, 90, lambda: process.log)
        assert process.code == 0, process.log


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_one_launch_is_one_run(db, scripts, launcher):
    launch(scripts, RANK, LAUNCHERS[launcher], range(4))
    assert db.query("select state, ranks, world_size, config from runs_overview") == [
        ("finished", 4, 4, {"lr": 0.1})]
    assert db.query("select rank, count(*), sum(value) from metrics where name = 'loss' group by rank "
                    "order by rank") == [(rank, 20, 200) for rank in range(4)]
    assert db.value("select count(*) from metrics where name = 'rank' and value <> rank") == 0
    assert [rank for (rank,) in db.query("select rank from alerts_feed order by rank")] == [0, 1, 2, 3]


def test_a_restart_by_the_launcher_is_another_attempt(db, scripts):
    script = """
        import sys
        import tocsin
        tocsin.init()
        first, last = map(int, sys.argv[2:])
        for step in range(first, last):
            tocsin.log({"loss": step + first / 100}, step=step)
        """
    launch(scripts, script, LAUNCHERS["torchrun"], range(2), 0, 10)
    launch(scripts, script, LAUNCHERS["torchrun"], range(2), 6, 12)
    assert db.query("select ranks, attempts from runs_overview") == [(2, 2)]
    for rank in range(2):
        assert db.query("select step, value, attempt from metrics where rank = %s order by step", rank) == [
            (step, step, 0) for step in range(6)] + [(step, step + 0.06, 1) for step in range(6, 12)]


def test_name_and_configuration_of_rank_0_win(db, scripts):
    """Whichever rank the collector hears first."""
    script = """
        import sys, time
        import tocsin
        rank = int(sys.argv[1])
        run = tocsin.init(name=f"named by {rank}", group=f"g{rank}", config={"rank": rank})
        tocsin.log({"a": 1})
        while run.stats()["acknowledged"] < 1:
            time.sleep(0.01)
        run.config["late"] = rank
        tocsin.finish()
        """
    variables = LAUNCHERS["Slurm"]
    for rank in (1, 0, 2):
        process = scripts.start(script, rank, **{k: str(v) for k, v in variables(rank, 3).items()})
        wait_end([process])
    assert db.query("select run, group_name, config from runs_overview") == [
        ("named by 0", "g0", {"rank": 0, "late": 0})]


def test_a_burst_of_32_processes_loses_nothing(db, scripts):
    """Trackio lost 21,093 of these 160,000 calls."""
    calls = 5000
    scripts.run(f"""
        import multiprocessing, os, sys
        import tocsin

        def work(rank, barrier):
            os.environ.update(RANK=str(rank), WORLD_SIZE="32", TORCHELASTIC_RUN_ID="burst")
            run = tocsin.init(quiet=rank > 0)
            barrier.wait()
            for step in range({calls}):
                tocsin.log({{f"metric_{{i}}": step + i for i in range(10)}}, step=step)
            assert tocsin.finish(timeout=100), run.stats()

        if __name__ == "__main__":
            barrier = multiprocessing.Barrier(32)
            ranks = [multiprocessing.Process(target=work, args=(rank, barrier)) for rank in range(32)]
            for rank in ranks: rank.start()
            for rank in ranks: rank.join()
            sys.exit(max(rank.exitcode for rank in ranks))
        """, deadline_s=180, TOCSIN_RING_BYTES=None)
    assert db.query("select sum(emitted), sum(committed), sum(dropped) from producers_overview "
                    "where lane = 'metrics'") == [(32 * calls, 32 * calls, 0)]
    assert db.query("select count(*), min(count), max(count) from (select rank, count(*) from metrics "
                    "where name = 'metric_3' and value = step + 3 group by rank) r") == [(32, calls, calls)]
