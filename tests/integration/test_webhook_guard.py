# SPDX-License-Identifier: Apache-2.0
"""A URL that came from a training node leads nowhere it may not: in a network where every address would
answer, the kernel's own count of connections says so.

TOCSIN_TEST_LONG=1: a thousand answers of a name server that changes its mind."""

import os

import pytest

from rig.mock_dns import PRIVATE, PRIVATE6, PUBLIC, PUBLIC6
from rig.wait import wait_for
from webhooks import Endpoints, settings

LONG = bool(os.environ.get("TOCSIN_TEST_LONG"))
REBINDS = 1000 if LONG else 150
BATCH = 50

# As the many ways to write them that clients are known to understand.
V4 = {
    "loopback": ("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001",
                 "0x7f.0x0.0x0.0x1", "127.0.0.1.", "0177.0x0.0.1", "127.255.255.254", "localhost", "LOCALHOST",
                 "localhost.", "foo.localhost", "%31%32%37.0.0.1", "１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1",
                 "127.0.0.1%00.test", "127.0.0.1%09", "ｌｏｃａｌｈｏｓｔ"),
    "metadata": ("169.254.169.254", "2852039166", "0xA9FEA9FE", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376",
                 "0251.254.169.254", "169.254.43518", "169.16689662", "169.254.169.254.", "025177524776",
                 "①⑥⑨.②⑤④.①⑥⑨.②⑤④", "169。254。169。254"),
    "private": ("10.0.0.1", "10.1", "167772161", "0xa000001", "012.0.0.1", "10.255.255.255", "172.16.0.1",
                "172.31.255.254", "2886729729", "192.168.0.1", "192.168.1", "3232235521", "0xc0a80001", "0300.0250.1"),
    "special": ("0.0.0.0", "0", "0x0", "0.1.2.3", "100.64.0.1", "100.127.255.254", "192.0.0.1", "192.0.2.1",
                "198.18.0.1", "198.19.255.254", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250",
                "240.0.0.1", "255.255.255.255", "169.254.0.1"),
}
V6 = ("::1", "::", "0:0:0:0:0:0:0:1", "0000:0000:0000:0000:0000:0000:0000:0001", "fe80::1", "fe80::1%25lo", "febf::1",
      "fec0::1", "fc00::1", "fd00::1", "fd00:ec2::254", "ff02::1", "ff05::2", "2001:db8::1", "100::1",
      "::ffff:127.0.0.1", "::ffff:7f00:1", "::FFFF:169.254.169.254", "::ffff:a9fe:a9fe", "::ffff:10.0.0.1",
      "::ffff:192.168.0.1", "0:0:0:0:0:ffff:a00:1", "::127.0.0.1", "::7f00:1", "::169.254.169.254", "::a9fe:a9fe",
      "::10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::169.254.169.254", "64:ff9b::a9fe:a9fe",
      "64:ff9b::10.0.0.1", "64:ff9b:1::1", "64:ff9b:1::a9fe:a9fe", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
      "2002:7f00:1::", "2002:a9fe:a9fe::1", "2002:a00:1::1", "2002:c0a8:1::1", "2002:ac10:1::1",
      "2001:0:a9fe:a9fe::1", "2001:0:1::5601:5601", "2001:0:5db8:d822:0:0:f5ff:fffe", "2001:0:1::80ff:fffe",
      "::ffff:0:127.0.0.1", "::ffff:0:a9fe:a9fe", "::ffff:0.0.0.0", "::ffff:100.64.0.1", "::ffff:224.0.0.1")
# Texts around an address that make some parsers see another one. {} is the address.
AROUND = ("https://{}/", "https://{}:8080/", "https://{}:80/x", "https://user:pass@{}/", "https://hooks.slack.com@{}/",
          "https://hooks.slack.com:443@{}/services/x", "https://{}#@hooks.slack.com/", "https://{}?@hooks.slack.com/",
          "https://hooks.slack.com%2f@{}/", "https://a@b@{}/", "https://{}\\@hooks.slack.com/",
          "https:{}/", "https:/{}/", "https:///{}/", "HTTPS://{}/", "hTTps://{}:443/", "  https://{}/", "//{}/", "{}")
SCHEMES = ("http://{}/", "http://{}:8080/", "ftp://{}/", "file:///etc/passwd", "file://{}/etc/passwd", "gopher://{}:70/_x",
           "dict://{}:11211/stats", "ldap://{}/", "smb://{}/share", "tftp://{}/x", "telnet://{}/", "imap://{}/",
           "smtp://{}/", "ws://{}/", "scp://{}/x", "sftp://{}/x", "rtsp://{}/", "mqtt://{}/x", "unix:///run/x.sock",
           "javascript:alert(1)", "data:text/plain,x", "jar:https://{}!/x", "", " ", "https://", "https://:443/", "?", "#")
NAMES = ("private-1.hooks.test", "PRIVATE-2.HOOKS.TEST", "private-3.hooks.test.", "many-private.nobody", "nobody.test", "hang-1.hooks.test")


def forms():
    """URLs none of which may be connected to."""
    hosts = [host for group in V4.values() for host in group] + [f"[{host}]" for host in V6] + list(NAMES)
    urls = [f"https://{host}/hook" for host in hosts]
    for host in ("127.0.0.1", "169.254.169.254", "10.0.0.1", "[::1]", "[::ffff:169.254.169.254]"):
        urls += [form.format(host) for form in AROUND]
    urls += [form.format("169.254.169.254") for form in SCHEMES]
    urls += [f"https://127.0.0.1:{port}/" for port in ("22", "5432", "0", "65535", "65536", "-1", "0443", "443x", "")]
    return list(dict.fromkeys(urls))


@pytest.fixture
def guarded(namespace, make_tocsind, certificates):
    """A collector in the namespace that allows nothing special."""
    tocsind = make_tocsind()
    tocsind.prefix = namespace.prefix
    tocsind.start(f"--webhook-ca-file={certificates.ca}", "--webhook-timeout-ms=2000")
    return tocsind


def alert_all(db, ends, emitter, urls):
    """An alert to each of them, some at a time; the endpoints by URL once each was tried."""
    ids = {}
    for start in range(0, len(urls), BATCH):
        some = {url: ends.add(url) for url in urls[start:start + BATCH]}
        emitter.alert(f"from {start} on")
        for endpoint in some.values():
            ends.wait_answered(endpoint, 60)
        db.query("update endpoints set enabled = false")
        ids.update(some)
    return ids


def test_no_form_of_a_url_leads_to_a_forbidden_address(db, guarded, namespace, far_mock, far_names, make_emitter):
    ends = Endpoints(db)
    emitter = make_emitter(guarded)
    emitter.hello()
    allowed = ends.add(far_mock.url("ok", host="public-1.hooks.test"))
    emitter.alert("to where it may go")
    ends.wait_state(allowed, "delivered")
    assert set(far_mock.destinations) <= {PUBLIC, PUBLIC6}
    db.query("update endpoints set enabled = false")

    urls = forms()
    assert len(urls) >= 200
    before, counted = namespace.connects(), dict(far_mock.destinations)
    ids = alert_all(db, ends, emitter, urls)
    assert namespace.connects() == before, "somebody connected somewhere"
    assert far_mock.destinations == counted
    for url, endpoint in ids.items():
        message = ends.message(endpoint)
        assert message["state"] == "waiting" and message["attempts"] == 1 and message["status"] is None, (url, message)
    print(len(urls), "forms of URLs, 0 connections")


def test_an_answer_is_judged_whenever_it_is_used(db, guarded, namespace, far_mock, far_names, make_emitter):
    """A name that is public when it is looked at and private when it is used."""
    ends = Endpoints(db)
    emitter = make_emitter(guarded)
    emitter.hello()
    names = [f"{('flip', 'both', 'flip', 'many')[n % 4]}-{n}.hooks.test" for n in range(REBINDS // 2)]
    alert_all(db, ends, emitter, [far_mock.url("500", host=name) for name in names])
    assert far_names.replies >= REBINDS  # for each name one of IPv4 and one of IPv6
    assert set(far_mock.destinations) <= {PUBLIC, PUBLIC6}, far_mock.destinations
    assert far_mock.destinations, "those that are public for once were reached"
    assert namespace.connects() == sum(far_mock.connections.values())
    print(far_names.replies, "answers,", far_names.answers, namespace.connects(), "connections, all of them to", set(far_mock.destinations))


def test_what_is_allowed_is_allowed_and_nothing_beside(db, namespace, make_tocsind, certificates, far_mock, far_names,
                                                      make_emitter):
    tocsind = make_tocsind()
    tocsind.prefix = namespace.prefix
    tocsind.start(f"--webhook-ca-file={certificates.ca}",
                  f"--webhook-allow=10.1.2.0/24, 192.168.1.1:{far_mock.ports['plain']}", "--webhook-timeout-ms=5000",
                  "--webhook-allow-http=1")
    ends = Endpoints(db)
    emitter = make_emitter(tocsind)
    emitter.hello()
    good = [ends.add(far_mock.url("ok", host="private-1.hooks.test")), ends.add(far_mock.url("ok", door="plain", host="192.168.1.1"))]
    bad = [ends.add(far_mock.url("ok", host=host)) for host in ("10.1.3.1", "192.168.1.1", "127.0.0.1", "[fd00::1]")]
    emitter.alert("a")
    for endpoint in good:
        ends.wait_state(endpoint, "delivered")
    for endpoint in bad:
        assert ends.wait_answered(endpoint)["state"] == "waiting"
    assert set(far_mock.destinations) == {PRIVATE, "192.168.1.1"}
    assert namespace.connects() == 2


def test_a_proxy_of_the_environment_is_not_asked(db, make_tocsind, make_emitter, mock):
    proxy = f"http://127.0.0.1:{mock.ports['plain']}"
    names = ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    tocsind = make_tocsind().start(*settings(mock), env={**dict.fromkeys(names, proxy), "no_proxy": "none"})
    ends = Endpoints(db)
    endpoint = ends.add(mock.url("ok"))
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.alert("a")
    ends.wait_state(endpoint, "delivered")
    assert mock.connections["plain"] == 0 and mock.connections["good"] == 1


def test_http_is_refused_unless_it_is_allowed(db, make_tocsind, make_emitter, mock):
    tocsind = make_tocsind().start(*settings(mock))
    ends = Endpoints(db)
    endpoint = ends.add(mock.url("ok", door="plain"))
    emitter = make_emitter(tocsind)
    emitter.hello()
    emitter.alert("a")
    assert ends.wait_answered(endpoint)["status"] is None
    assert mock.connections["plain"] == 0
    assert tocsind.stop() == 0
    db.query("update messages set next_try = now()")
    db.query("update endpoints set available = now()")
    tocsind.start(*settings(mock), "--webhook-allow-http=1")
    ends.wait_state(endpoint, "delivered")


def test_a_redirect_is_not_followed(db, namespace, make_tocsind, certificates, far_mock, far_names, make_emitter):
    tocsind = make_tocsind()
    tocsind.prefix = namespace.prefix
    tocsind.start(f"--webhook-ca-file={certificates.ca}", "--webhook-allow=0.0.0.0/0, ::/0", "--webhook-allow-http=1")
    ends = Endpoints(db)
    emitter = make_emitter(tocsind)
    emitter.hello()
    moods = ("301", "302", "303", "307", "308", "302-file")
    ids = {mood: ends.add(far_mock.url(mood, host="public-1.hooks.test")) for mood in moods}
    emitter.alert("a")
    for mood, endpoint in ids.items():
        assert ends.wait_answered(endpoint)["status"] == int(mood[:3])
    wait_for(lambda: len(far_mock.requests) == len(moods))
    assert namespace.connects() == len(moods) and set(far_mock.destinations) <= {PUBLIC, PUBLIC6}
