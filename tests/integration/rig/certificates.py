# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of the test's own, and servers' certificates that are good or bad on purpose."""

import ssl
import subprocess
import warnings

NAMES = "DNS:localhost,DNS:*.hooks.test,IP:127.0.0.1,IP:::1"


def _openssl(place, *argv):
    done = subprocess.run(["openssl", *argv], cwd=place, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()


class Certificates:
    """Made by openssl in place. ca: the file that a client needs to trust the good ones."""

    def __init__(self, place):
        self.place = place
        self.ca = place / "ca.pem"
        self._self_signed("ca", "/CN=test authority", "basicConstraints=critical,CA:TRUE")
        self._signed("good", NAMES)
        self._signed("expired", NAMES, days=-1)
        self._signed("wrong-host", "DNS:somebody.else")
        self._self_signed("self-signed", "/CN=localhost", f"subjectAltName={NAMES}")

    def _self_signed(self, name, subject, extension):
        _openssl(self.place, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                 "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2",
                 "-subj", subject, "-addext", extension)

    def _signed(self, name, names, days=2):
        _openssl(self.place, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                 "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}",
                 "-addext", f"subjectAltName={names}")
        _openssl(self.place, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                 "-CAcreateserial", "-copy_extensions", "copy", "-days", str(days), "-out", f"{name}.pem")

    def server(self, name="good", old=False):
        """A server's TLS with that certificate; old: it speaks nothing newer than TLS 1.1."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.place / f"{name}.pem", self.place / f"{name}.key")
        if old:
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.TLSv1
                context.maximum_version = ssl.TLSVersion.TLSv1_1
        return context

    def client(self):
        return ssl.create_default_context(cafile=str(self.ca))
