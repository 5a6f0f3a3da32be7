# SPDX-License-Identifier: Apache-2.0
"""The skill for agents: whatever stands in its code blocks is done here, in this order, with a collector and a
PostgreSQL as `tocsin up` starts them."""

import json
import os
import pathlib
import re
import subprocess

import pytest

from rig.process import environment, program
from rig.programs import Cli
from rig.python import TOP, package_dir, sanitizer

SKILL = (TOP / "cli/skill/SKILL.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", SKILL, re.M | re.S)


# The loop


@pytest.fixture
def machine(make_home, place):
    """A user's machine: tocsin installed and up, a compiler and a Python that find it."""
    home = make_home()
    home.up()
    build, prefix, programs = pathlib.Path(os.environ["TOCSIN_BIN_DIR"]), place / "prefix", place / "bin"
    subprocess.run(["cmake", "--install", build, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    library = next(prefix.rglob("libtocsin.so")).parent
    preload = sanitizer(package_dir())
    flags = "-fsanitize=address,undefined" if preload else ""
    variables = " ".join(f'{name}="{value}"' for name, value in preload.items())
    programs.mkdir()
    for name, command in {"tocsin": program("tocsin"), "cc": f"gcc {flags}",
                          "python3": f"env {variables} /usr/bin/python3"}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (programs / name).chmod(0o755)
    return environment(place, {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": package_dir(),
                               "PKG_CONFIG_PATH": str(library / "pkgconfig"), "LD_LIBRARY_PATH": str(library)})


class Agent:
    """Runs the commands, and puts what it learned where the text says CURSOR, STEP and ALERT_ID."""

    def __init__(self, place, env):
        self.place, self.env = place, env
        self.known = {}
        self.answers = {}  # command as it stands there: its document

    def run(self, command):
        wanted = re.sub(r"\b(CURSOR|STEP|ALERT_ID)\b", lambda match: str(self.known[match[0]]), command)
        if "CURSOR" in command:
            wanted = wanted.replace("--wait 60s", "--wait 1s")  # nothing more will come
        done = subprocess.run(["sh", "-c", wanted], cwd=self.place, env=self.env, capture_output=True, timeout=120)
        assert done.returncode == (8 if "CURSOR" in command else 0), (wanted, done.stdout, done.stderr)
        if "--json" in command:
            self.learn(command, json.loads(done.stdout))

    def learn(self, command, answer):
        self.answers[command] = answer
        if command.startswith("tocsin list alerts"):
            self.known["CURSOR"] = answer["cursor"]
            for alert in answer["alerts"]:
                self.known.update(STEP=alert["step"], ALERT_ID=alert["id"])

    def answer(self, start):
        """The document of the one command that begins like that."""
        (found,) = [answer for command, answer in self.answers.items() if command.startswith(start)]
        return found


def test_the_loop(machine, place):
    agent = Agent(place, machine)
    for language, text in BLOCKS:
        if language == "sh":
            for command in text.splitlines():
                agent.run(command)
        else:
            name = re.search(r"\btrain\.\w+", text.splitlines()[0])[0]
            assert name == {"python": "train.py", "c": "train.c"}[language]
            (place / name).write_text(text)

    assert agent.answer("tocsin status")["running"] is True
    (alert,) = agent.answer("tocsin list alerts --project my-project --after start")["alerts"]
    assert (alert["title"], alert["level"], alert["run"]) == ("loss diverges", "error", "lr-3")
    around = agent.answer("tocsin get snapshot")["metrics"]["train/loss"]
    values = {value["step"]: value["value"] for value in around}
    assert values[alert["step"]] > 10 * values[0]
    assert agent.answer("tocsin get run")["config"]["lr"] == 3
    assert agent.answer("tocsin get metric")["values"][0] == {**around[0], "step": 0, "value": 1}
    assert agent.answer("tocsin ranks")["here"] == 1
    assert agent.answer("tocsin ack")["alerts"] == [alert["id"]]
    assert agent.answer("tocsin wait --project my-project --run lr-3")["condition"] == "step>=20"
    finished = agent.answer("tocsin wait --project my-project --run lr-0.3")
    assert (finished["met"], finished["condition"]) == (True, "state=finished")
    assert agent.answer("tocsin compare")["config"] == {"lr": [3, 0.3]}
    assert agent.answer("tocsin sweep")["best"]["run"] == "lr-0.3"
    assert sorted(agent.answer("tocsin list runs")["runs"]) == ["from-c", "lr-0.3"]
    best = agent.answer("tocsin query project --project my-project --json --sql \"select run, rank")["rows"]
    assert {row["run"] for row in best} == {"from-c", "lr-0.3", "lr-3"} and best[0]["best"] < 1e-6
    told = agent.answer("tocsin query project --project my-project --json --sql \"select table_name")["rows"]
    assert {"metrics", "runs_overview", "alerts_feed", "metric_summary"} <= {row["table_name"] for row in told}


def test_the_stopped_run_is_stored_as_failed(machine, place):
    """As the comment in the training program says."""
    (place / "train.py").write_text(next(text for language, text in BLOCKS if language == "python"))
    agent = Agent(place, machine)
    agent.run("python3 train.py --lr 0.5 --steps 100000 --name stopped >log 2>&1 & echo $! >pid")
    agent.run("tocsin wait --project my-project --run stopped --for 'step>=3' --timeout 60s --json")
    agent.run('kill "$(cat pid)"')
    agent.run("tocsin wait --project my-project --run stopped --for state=failed --timeout 60s --json")


def test_the_text_is_that_of_the_file(place):
    tocsin = Cli(place)
    assert tocsin.run("skill", "print").stdout == SKILL
    assert tocsin.run("skill", "print", "--json").json() == {"skill": "tocsin", "text": SKILL}


def test_the_front_matter_is_what_agents_read():
    name, description = re.match(r"---\nname: ([a-z]+)\ndescription: ([^\n:]+)\n---\n\n# ", SKILL).groups()
    assert name == "tocsin" and 100 < len(description) <= 1024


# Putting it where agents look


@pytest.fixture
def project(place):
    """A directory of a project, and tocsin run in it."""
    here = place / "project"
    here.mkdir()
    tocsin = Cli(here)

    def run(*argv, **more):
        return tocsin.run("skill", "install", *argv, **more)

    run.place = here
    return run


def files(result):
    return {file["path"]: file["state"] for file in result.json()["files"]}


def test_it_goes_where_several_agents_look(project):
    said = project()
    assert said.rc == 0 and said.stdout == "state\tpath\nwritten\t.agents/skills/tocsin/SKILL.md\n"
    assert (project.place / ".agents/skills/tocsin/SKILL.md").read_text() == SKILL
    assert files(project("--json")) == {".agents/skills/tocsin/SKILL.md": "unchanged"}


def test_it_goes_where_each_agent_looks(project):
    told = files(project("--claude", "--codex", "--cursor", "--opencode", "--pi", "--json"))
    assert told == {f".{name}/skills/tocsin/SKILL.md": "written" for name in ("claude", "codex", "cursor", "opencode", "pi")}
    assert all((project.place / path).read_text() == SKILL for path in told)
    assert not (project.place / ".agents").exists()


def test_it_goes_into_the_home_directory(project, place):
    home = place / "somebody"
    told = files(project("--global", "--pi", "--json", env={"HOME": str(home)}))
    assert told == {f"{home}/.pi/agent/skills/tocsin/SKILL.md": "written"}
    assert (home / ".pi/agent/skills/tocsin/SKILL.md").read_text() == SKILL
    assert project("--global", env={"HOME": None}).rc == 2


def test_it_goes_into_a_folder_of_ones_own(project, place):
    for dest in ("deep/in/here", str(place / "elsewhere")):
        assert files(project("--dest", dest, "--json")) == {f"{dest}/tocsin/SKILL.md": "written"}
        assert (project.place / dest / "tocsin/SKILL.md").read_text() == SKILL
    assert project("--dest=x", "--claude").rc == 2 and project("--dest=x", "--global").rc == 2
    assert project("--dest", "x" * 5000).rc == 2


@pytest.mark.parametrize("text", [SKILL + "mine\n", SKILL[:-1], "", "mine"], ids=["more", "less", "empty", "other"])
def test_what_was_changed_is_left_alone(project, text):
    changed = project.place / ".claude/skills/tocsin/SKILL.md"
    changed.parent.mkdir(parents=True)
    changed.write_text(text)
    refused = project("--claude", "--codex", "--json")
    error = json.loads(refused.stderr)["error"]
    assert (refused.rc, refused.stdout, error["code"], error["hint"]) == (2, "", "usage", "To replace it: --force")
    assert changed.read_text() == text and not (project.place / ".codex").exists()  # all or nothing
    assert files(project("--claude", "--codex", "--force", "--json")) == {
        ".claude/skills/tocsin/SKILL.md": "replaced", ".codex/skills/tocsin/SKILL.md": "written"}
    assert changed.read_text() == SKILL


def test_what_cannot_be_written_is_said(project):
    (project.place / ".agents").write_text("a file")
    refused = project()
    assert refused.rc == 1 and "SKILL.md" in refused.stderr and refused.stdout == ""
    assert [path.name for path in project.place.iterdir()] == [".agents"]
