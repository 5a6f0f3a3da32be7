# SPDX-License-Identifier: Apache-2.0
"""tocsin mcp as a process: spoken to by the official clients, or byte by byte."""

import json
import pathlib

from rig.lines import Lines
from rig.npm import installed
from rig.process import program

HERE = pathlib.Path(__file__).resolve().parent / "mcp"
CLIENTS = ("sdk", "legacy", "auto", "modern")
MODERN = "2026-07-28"


class Failed(Exception):
    """An error of the protocol, as the client reports it."""


class Client:
    """An official client with tocsin mcp behind it."""

    def __init__(self, kind, place, dsn, *argv, env=None):
        clients = installed(HERE)
        self.lines = Lines(["node", clients / "client.mjs", kind, program("tocsin"), "mcp", *argv], place,
                           {"TOCSIN_DSN": dsn, **(env or {})}, cwd=clients)
        self._n = 0
        self._answers = {}
        self.hello = self._next()

    def _next(self):
        line = self.lines.line()
        assert line is not None, self.lines.errors.read_text()
        return json.loads(line)

    def start(self, op, **fields):
        """Begins an operation and returns its number."""
        self._n += 1
        self.lines.write(json.dumps({"n": self._n, "op": op, **fields}).encode() + b"\n")
        return self._n

    def answer(self, n):
        while n not in self._answers:
            answer = self._next()
            self._answers[answer["n"]] = answer
        answer = self._answers.pop(n)
        if "error" in answer:
            raise Failed(answer["error"]["code"], answer["error"]["message"])
        return answer["result"]

    def tools(self):
        return self.answer(self.start("tools"))["tools"]

    def begin(self, name, **arguments):
        return self.start("call", name=name, arguments=arguments)

    def call(self, name, **arguments):
        return self.answer(self.begin(name, **arguments))

    def cancel(self, n):
        self.lines.write(json.dumps({"op": "cancel", "n": n}).encode() + b"\n")

    def close(self):
        """The server must have ended well."""
        code, rest = self.lines.end()
        said = self.lines.errors.read_text()
        assert (code, said) == (0, ""), said
        assert json.loads(rest[-1]) == {"closed": True}

    def stop(self):
        self.lines.stop()


class Server(Lines):
    """tocsin mcp without a client."""

    def __init__(self, place, dsn, *argv, env=None):
        super().__init__([program("tocsin"), "mcp", *argv], place, {"TOCSIN_DSN": dsn, **(env or {})})

    def send(self, method, n=None, meta=None, **params):
        if meta is not None:
            params["_meta"] = meta
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        self.write(json.dumps(message if n is None else {**message, "id": n}).encode() + b"\n")

    def call(self, n, name, **arguments):
        self.send("tools/call", n, name=name, arguments=arguments)

    def next(self):
        line = self.line()
        assert line is not None and line.isascii(), line
        answer = json.loads(line)
        assert answer["jsonrpc"] == "2.0"
        return answer

    def ask(self, method, n, **params):
        self.send(method, n, **params)
        answer = self.next()
        assert answer["id"] == n
        return answer

    def close(self):
        code, rest = self.end()
        assert (code, rest, self.errors.read_text()) == (0, [], "")


def modern_meta(version=MODERN, **more):
    return {"io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientCapabilities": {}, **more}


def rounded(value):
    """As JavaScript sees it: it keeps great whole numbers as floats."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(value) if isinstance(value, int) and abs(value) > 1 << 53 else value


def document(result):
    """What a good call answered; its structure is the same as its text, which keeps all digits."""
    assert not result.get("isError"), result
    (content,) = result["content"]
    exact = json.loads(content["text"])
    assert content["type"] == "text" and rounded(exact) == rounded(result["structuredContent"])
    return exact


def error(result):
    """What a call complained of."""
    assert result["isError"] and "structuredContent" not in result, result
    (content,) = result["content"]
    return json.loads(content["text"])["error"]
