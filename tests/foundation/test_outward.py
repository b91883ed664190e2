"""Real sockets on loopback; where public addresses are needed, a network that only notes who is called."""

from __future__ import annotations

import ipaddress
import logging
import socket
import ssl
from datetime import UTC, datetime, timedelta

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from qsignhub.foundation.outward import OutwardFailed, OutwardRefused, outward_client, post_bounded
from tests.webhooks.receiver import drip, flood, hang_up, receiving, status

PUBLIC = "93.184.216.34"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


class NotingNetwork(httpcore.AsyncNetworkBackend):
    def __init__(self, unreachable=()):
        self.called = []
        self._unreachable = set(unreachable)

    async def connect_tcp(self, host, port, timeout=None, local_address=None, socket_options=None):
        self.called.append((host, port))
        if host in self._unreachable:
            raise httpcore.ConnectError("unreachable")
        return httpcore.AsyncMockStream([OK])


class Names:
    """A name server: each look-up takes the next answer, the last one again and again."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def __call__(self, host, port):
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def post(client, url, **limits):
    async with client:
        return await post_bounded(client, url, b"{}", {"Content-Type": "application/json"}, **limits)


def resolves(name: str) -> bool:
    try:
        return bool(socket.getaddrinfo(name, 443))
    except OSError:
        return False


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        pytest.param(
            "localhost", marks=pytest.mark.skipif(not resolves("localhost"), reason="no /etc/hosts here")
        ),
        "169.254.169.254",
        "10.1.2.3",
        "192.168.0.1",
        "100.64.0.1",
        "0.0.0.0",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[2002:7f00:1::]",
        "[64:ff9b::7f00:1]",
        "[fd00:ec2::254]",
        "[fe80::1]",
    ],
)
async def test_case_65_hosts_inside_are_not_contacted(host):
    """With the system's own resolver, which reads the decimal and octal forms."""
    network = NotingNetwork()
    with pytest.raises(OutwardRefused):
        await post(outward_client(allow_private=False, network=network), f"https://{host}/")
    assert network.called == []


async def test_case_65_one_bad_address_among_good_ones_refuses_them_all():
    network = NotingNetwork()
    names = Names([PUBLIC, "127.0.0.1"])
    with pytest.raises(OutwardRefused):
        await post(outward_client(allow_private=False, network=network, resolve=names), "https://a.test/")
    assert network.called == []


async def test_case_66_rebinding_the_connection_goes_to_the_checked_address():
    network, names = NotingNetwork(), Names([PUBLIC], ["127.0.0.1"])
    client = outward_client(allow_private=False, network=network, resolve=names)
    answer = await post(client, "https://rebinding.test:8443/")
    assert (answer.status, answer.body, answer.complete) == (200, b"hi", True)
    assert names.asked == ["rebinding.test"]
    assert network.called == [(PUBLIC, 8443)]


async def test_case_66_each_new_connection_is_checked_anew():
    network, names = NotingNetwork(), Names([PUBLIC], ["169.254.169.254"])
    async with outward_client(allow_private=False, network=network, resolve=names) as client:
        await post_bounded(client, "https://rebinding.test/", b"{}", {})
        with pytest.raises(OutwardRefused):
            await post_bounded(client, "https://rebinding.test/", b"{}", {})
    assert network.called == [(PUBLIC, 443)]


async def test_the_next_address_is_tried_when_one_does_not_answer():
    network = NotingNetwork(unreachable=["2606:4700:4700::1111"])
    names = Names(["2606:4700:4700::1111", PUBLIC])
    client = outward_client(allow_private=False, network=network, resolve=names)
    assert (await post(client, "https://both.test/")).status == 200
    assert [host for host, _ in network.called] == ["2606:4700:4700::1111", PUBLIC]


async def test_plain_http_is_refused_outside_development():
    network = NotingNetwork()
    client = outward_client(allow_private=False, network=network, resolve=Names([PUBLIC]))
    with pytest.raises(OutwardRefused, match="https"):
        await post(client, "http://a.test/")
    assert network.called == []


async def test_credentials_in_the_url_are_refused():
    client = outward_client(allow_private=True, network=NotingNetwork(), resolve=Names([PUBLIC]))
    with pytest.raises(OutwardRefused):
        await post(client, "http://user:word@a.test/")


async def test_a_name_that_does_not_resolve_is_a_failure():
    async def resolve(host, port):
        raise OSError("no such name")

    with pytest.raises(OutwardFailed, match="does not resolve"):
        await post(outward_client(allow_private=False, resolve=resolve), "https://a.test/")


async def test_the_proxy_of_the_environment_is_not_used(monkeypatch):
    async with receiving() as receiver, receiving() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        answer = await post(outward_client(allow_private=True), receiver.url)
    assert (answer.status, receiver.connections, proxy.connections) == (200, 1, 0)


async def test_case_67_a_redirect_is_answered_not_followed():
    async with receiving() as elsewhere, receiving(status(307, f"Location: {elsewhere.url}")) as receiver:
        answer = await post(outward_client(allow_private=True), receiver.url)
    assert (answer.status, elsewhere.connections) == (307, 0)


async def test_case_68_dripping_headers_are_cut_at_the_deadline():
    async with receiving(drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")) as receiver:
        with pytest.raises(OutwardFailed, match="No answer within"):
            await post(outward_client(allow_private=True), receiver.url, deadline_seconds=0.2)


async def test_case_68_a_dripping_body_is_cut_at_the_deadline():
    start = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    async with receiving(drip(start, b"x")) as receiver:
        answer = await post(outward_client(allow_private=True), receiver.url, deadline_seconds=0.2)
    assert (answer.status, answer.complete) == (200, False)
    assert 0 < len(answer.body) < 1000


async def test_case_68_a_body_without_end_is_cut_at_the_limit():
    start = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    async with receiving(flood(start, b"x" * 65536)) as receiver:
        answer = await post(outward_client(allow_private=True), receiver.url, max_response_bytes=1000)
    assert (answer.status, answer.complete, len(answer.body)) == (200, False, 1000)


async def test_case_68_headers_without_end_are_cut():
    async with receiving(flood(b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 60000 + b"\r\n")) as receiver:
        with pytest.raises(OutwardFailed, match="not HTTP"):
            await post(outward_client(allow_private=True), receiver.url)


async def test_a_lost_connection_is_a_failure():
    async with receiving(hang_up) as receiver:
        with pytest.raises(OutwardFailed):
            await post(outward_client(allow_private=True), receiver.url)


async def test_a_compressed_answer_is_not_inflated():
    start = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"

    async def answer(writer):
        writer.write(start)

    async with receiving(answer) as receiver:
        assert (await post(outward_client(allow_private=True), receiver.url)).body == b"nope"
    assert receiver.received[0].headers["accept-encoding"] == "identity"


async def test_cookies_are_not_kept_and_connections_not_reused():
    answer = status(200, "Set-Cookie: a=b; Path=/")
    async with receiving(answer) as receiver, outward_client(allow_private=True) as client:
        for _ in range(2):
            await post_bounded(client, receiver.url, b"{}", {})
    assert "cookie" not in receiver.received[1].headers
    assert receiver.connections == 2


async def test_path_and_query_reach_the_receiver_but_no_log(caplog):
    caplog.set_level(logging.DEBUG)
    async with receiving() as receiver:
        await post(outward_client(allow_private=True), receiver.url)
    assert receiver.received[0].target == "/hooks?token=s3cr3t"
    assert receiver.received[0].headers["host"] == f"127.0.0.1:{receiver.port}"
    assert any(record.name == "httpx" for record in caplog.records)
    assert "s3cr3t" not in caplog.text


@pytest.fixture(scope="module")
def receiver_certificate(tmp_path_factory):
    """A self-signed certificate for receiver.test and 127.0.0.1: (file with key, file to trust)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver.test")])
    now = datetime.now(UTC)
    names = [x509.DNSName("receiver.test"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path_factory.mktemp("tls") / "receiver.pem"
    file.write_bytes(private + pem)
    return file, pem.decode()


async def https_post(receiver_certificate, host):
    file, pem = receiver_certificate
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    client = outward_client(
        allow_private=True, resolve=Names(["127.0.0.1"]), ssl_context=ssl.create_default_context(cadata=pem)
    )
    async with receiving(ssl_context=server) as receiver:
        return await post(client, f"https://{host}:{receiver.port}/hooks"), receiver


async def test_tls_names_and_verifies_the_host_though_the_address_is_connected(receiver_certificate):
    answer, receiver = await https_post(receiver_certificate, "receiver.test")
    assert answer.status == 200
    assert receiver.server_names == ["receiver.test"]


async def test_tls_refuses_another_hosts_certificate_at_the_checked_address(receiver_certificate):
    """The certificate holds the address too: it is the name that has to match."""
    with pytest.raises(OutwardFailed, match="certificate"):
        await https_post(receiver_certificate, "other.test")
