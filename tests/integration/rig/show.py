# SPDX-License-Identifier: Apache-2.0
"""The server of the dashboard."""

import http.client
import json
import re
import signal
import subprocess

from rig.process import environment, program


class Show:
    """tocsin show on a free port, or on that of one that has ended."""

    def __init__(self, place, dsn, *argv, port=0):
        env = environment(place, {"TOCSIN_DSN": dsn})
        self.process = subprocess.Popen([program("tocsin"), "show", f"--port={port}", *argv], cwd=place, env=env,
                                        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.line = self.process.stdout.readline()
        found = re.search(r"http://[^ ]*:(\d+)/(?:\?token=(\S+))?", self.line)
        assert found, self.line + self.process.stderr.read()
        self.port, self.token = int(found.group(1)), found.group(2)
        self.url = f"http://127.0.0.1:{self.port}/"

    def request(self, path, method="GET", body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.bytes = answer.read()
        connection.close()
        return answer

    def json(self, path, status=200, **kwargs):
        answer = self.request(path, **kwargs)
        assert answer.status == status, answer.bytes
        return json.loads(answer.bytes)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, err
        return err
