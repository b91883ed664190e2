"""Every operation with everybody who may come: who gets what, and what strangers can tell from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from qsignhub.accounts.model import KeyRules
from qsignhub.authority.names import Subject
from qsignhub.bootstrap import Overrides, Services, open_services
from qsignhub.ceremonies import journal
from qsignhub.ceremonies.evidence import serial_in_pairs
from qsignhub.foundation.ids import new_id
from qsignhub.settings import Settings
from tests.api.serving import application, asking, new_key
from tests.journeys.test_bad_input import error_of
from tests.support.calls import CALLS, SENT, Call
from tests.support.customer import REQUESTS, Customer, new_keys, person
from tests.support.live import LiveService
from tests.support.making import SUCCESS, TIMEOUT, make_document, make_request, make_scope

SECRET_NAME, SECRET_MAIL = "Zbigniew Tajemniczy", "tajemniczy@secret.example"
MISSING = {
    "document_id": "doc_0000000000000000",
    "request_id": "sreq_0000000000000000",
    "signer_id": "sgn_000000000000",
    "serial": "3A:F2:9C",
}
NOWHERE = "a document that nobody else should hear of.pdf"
OWNER, REVOKED = "principals inc", "principals inc, revoked"

# What the key has to be restricted to, so that it lacks the permission of an operation.
_ELSEWHERE = {"validateDocument": "documents only"}


@dataclass
class World:
    owner: Customer
    clients: Mapping[str, httpx.Client]
    completed: dict[str, Any]

    def objects(self, call: Call) -> dict[str, str]:
        """Fresh objects of the owner, so that a call's effect is its own."""
        if "{serial}" in call.path:
            return MISSING | {"serial": self.completed["signers"][0]["certificate"]["serial"]}
        document = self.owner.upload(name=NOWHERE)
        if "Document" in call.operation and call.operation != "downloadSignedDocument":
            return MISSING | {"document_id": document["id"]}
        if call.operation == "downloadSignedDocument":
            made = self.completed
        else:
            made = self.owner.request(person(TIMEOUT, name=SECRET_NAME), document_id=document["id"])
        return {
            "document_id": document["id"],
            "request_id": made["id"],
            "signer_id": made["signers"][0]["id"],
        }


@pytest.fixture(scope="module")
def world(live_service: LiveService) -> Iterator[World]:
    """Whoever comes without a valid key comes from an address of their own, since these are counted."""
    past = datetime.now(UTC) - timedelta(seconds=1)
    keys = new_keys(
        live_service,
        {
            "owner": (OWNER, "test", KeyRules()),
            "expired": (OWNER, "test", KeyRules(expires_at=past)),
            "other account": ("rival", "test", KeyRules()),
            "other mode": (OWNER, "live", KeyRules()),
            "lacks permission": (OWNER, "test", KeyRules(permissions=frozenset({"validate"}))),
            "documents only": (OWNER, "test", KeyRules(permissions=frozenset({"documents:read"}))),
            "other network": (OWNER, "test", KeyRules(networks=(ip_network("127.0.7.0/24"),))),
            "revoked": (REVOKED, "test", KeyRules()),
        },
    )
    listed = live_service.command("keys", "list", "--account", REVOKED)
    (revoked,) = re.findall(r"key_\w{16}", listed)
    live_service.command("keys", "revoke", revoked, "--account", REVOKED)
    headers: dict[str, list[tuple[str, str]]] = {
        "no key": [],
        "malformed key": [("X-API-Key", "qsh_test_tooshort")],
        "two keys": [("X-API-Key", keys["owner"]), ("X-API-Key", keys["other account"])],
        **{name: [("X-API-Key", key)] for name, key in keys.items()},
    }
    clients = {
        name: httpx.Client(
            base_url=live_service.base_url,
            headers=sent,
            transport=httpx.HTTPTransport(local_address=f"127.0.3.{number}"),
            timeout=60,
        )
        for number, (name, sent) in enumerate(headers.items(), 1)
    }
    owner = Customer(clients["owner"])
    made = owner.request(person(SUCCESS, name=SECRET_NAME), document_id=owner.upload(name=NOWHERE)["id"])
    yield World(owner, clients, owner.wait_for(made["id"]))
    for client in clients.values():
        client.close()


def test_every_operation_of_the_specification_is_asked() -> None:
    assert {call.operation for call in CALLS} == SENT.keys()
    assert len(CALLS) == len(SENT)


def expected(call: Call) -> dict[str, tuple[int, str | None]]:
    """The table: a status, and the error's code where there is an error."""
    named = {"{request_id}": "SIGNATURE_REQUEST", "{serial}": "CERTIFICATE"}
    kind = next((kind for name, kind in named.items() if name in call.path), "DOCUMENT")
    succeeded = {"deleteDocument": 204}.get(
        call.operation,
        201 if call.operation in {"uploadDocument", "createSignatureRequest", "addSigner"} else 200,
    )
    done: tuple[int, str | None] = (succeeded, None)
    absent = (404, f"{kind}_NOT_FOUND") if call.names_an_object else done
    other_mode = absent
    if call.operation in {"getTestClock", "advanceTestClock", "listSandboxMessages"}:
        other_mode = (403, "TEST_MODE_ONLY")
    if call.operation == "createSignatureRequest":
        # asked for first: there is nothing that a live request could be made with
        other_mode = (422, "TRUST_SERVICE_NOT_CONFIGURED")
    # which countries there are is nobody's secret: any key of whatever permission reads it
    lacking = done if call.operation == "listIdentityCountries" else (403, "PERMISSION_MISSING")
    return {
        "no key": (401, "API_KEY_MISSING"),
        "malformed key": (401, "API_KEY_INVALID"),
        "two keys": (401, "API_KEY_MISSING"),
        "revoked": (401, "API_KEY_INVALID"),
        "expired": (401, "API_KEY_INVALID"),
        "other account": absent,
        "other mode": other_mode,
        "lacks permission": lacking,
        "other network": (403, "ADDRESS_NOT_ALLOWED"),
        "owner": done,
    }


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.operation)
def test_case_29_30_33_everybody_gets_what_is_theirs(world: World, call: Call) -> None:
    ids = world.objects(call)
    asked = call.about(ids)
    table = expected(call)
    assert list(table)[-1] == "owner", "the others have to have changed nothing by then"
    found = {}
    for name in table:
        by = _ELSEWHERE.get(call.operation, name) if name == "lacks permission" else name
        answer = world.clients[by].request(**asked)
        code = answer.json()["error"]["code"] if answer.status_code >= 400 else None
        found[name] = (answer.status_code, code)
        if code is not None:
            error_of(answer, answer.status_code, code)
        if name != "owner":
            assert_nothing_leaks(answer, ids)
    assert found == table
    if call.operation == "addSigner":
        assert len(world.owner.get(ids["request_id"])["signers"]) == 2
    if call.operation == "remindSigner":
        told = world.owner.wait_for_messages(2, request_id=ids["request_id"])
        assert sorted(message["kind"] for message in told) == ["invitation", "reminder"]


@pytest.mark.parametrize(
    "call", [call for call in CALLS if call.names_an_object], ids=lambda call: call.operation
)
@pytest.mark.parametrize("stranger", ["other account", "other mode"])
def test_case_29_what_is_somebody_else_s_looks_like_what_is_missing(
    world: World, call: Call, stranger: str
) -> None:
    ids = world.objects(call)
    client = world.clients[stranger]
    theirs, missing = client.request(**call.about(ids)), client.request(**call.about(MISSING))
    assert look_of(theirs, ids) == look_of(missing, MISSING)


def test_case_29_a_signer_of_another_request_looks_like_a_missing_one(world: World) -> None:
    foreign = world.clients["other account"]
    mine = world.owner.request(person(TIMEOUT, name=SECRET_NAME))
    theirs = Customer(foreign).request(person(TIMEOUT))
    looks = []
    for signer_id in (mine["signers"][0]["id"], MISSING["signer_id"]):
        ids = {"request_id": theirs["id"], "signer_id": signer_id}
        for operation in ("getSignerVerification", "remindSigner"):
            call = next(call for call in CALLS if call.operation == operation)
            answer = foreign.request(**call.about(ids))
            error_of(answer, 404, "SIGNER_NOT_FOUND")
            looks.append(look_of(answer, ids))
    assert looks[:2] == looks[2:]


def test_lists_of_others_hold_nothing_of_ours(world: World) -> None:
    ids = world.objects(next(call for call in CALLS if call.operation == "getSignatureRequest"))
    for path in ("/v1/documents", REQUESTS, "/v1/sandbox/messages"):
        assert ids["document_id"] in world.owner.client.get(path).text or "sandbox" in path
        answer = world.clients["other account"].get(path, params={"limit": 100})
        assert answer.status_code == 200
        assert_nothing_leaks(answer, ids)
    filtered = world.clients["other account"].get(
        "/v1/sandbox/messages", params={"request_id": ids["request_id"]}
    )
    assert filtered.json() == {"data": [], "next_cursor": None}
    assert world.clients["other mode"].get(REQUESTS).json()["data"] == []
    cursor = world.owner.client.get(REQUESTS, params={"limit": 1}).json()["next_cursor"]
    stolen = world.clients["other account"].get(REQUESTS, params={"limit": 1, "cursor": cursor})
    error_of(stolen, 400, "INVALID_CURSOR")


def test_a_key_works_from_its_network_and_only_from_there(world: World, live_service: LiveService) -> None:
    key = world.clients["other network"].headers["X-API-Key"]
    for address, status in (("127.0.7.9", 200), ("127.0.8.9", 403)):
        transport = httpx.HTTPTransport(local_address=address)
        with httpx.Client(base_url=live_service.base_url, transport=transport) as client:
            headers = {"X-API-Key": key, "X-Forwarded-For": "127.0.7.9", "Forwarded": "for=127.0.7.9"}
            assert client.get("/v1/documents", headers=headers).status_code == status


async def test_case_30_a_test_key_finds_nothing_of_the_live_world(settings: Settings, conninfo: str) -> None:
    overrides = Overrides(live_trust=lambda sandbox: sandbox)
    async with open_services(settings, conninfo, overrides) as services:
        ids = await live_objects(services)
        app = application(services)
        async with (
            asking(app, key=await new_key(services, "test")) as test,
            asking(app, key=await new_key(services, "live")) as live,
        ):
            for call in CALLS:
                if call.names_an_object:
                    theirs = await test.request(**call.about(ids))
                    assert theirs.status_code == 404, call
                    missing = await test.request(**call.about(MISSING))
                    assert look_of(theirs, ids) == look_of(missing, MISSING)
                    assert_nothing_leaks(theirs, ids)
            for path in ("/v1/documents", REQUESTS, "/v1/sandbox/messages"):
                assert (await test.get(path)).json()["data"] == []
            still = (await live.get(f"{REQUESTS}/{ids['request_id']}")).json()
            assert (still["status"], len(still["signers"])) == ("pending", 1)


async def live_objects(services: Services) -> dict[str, str]:
    scope = await make_scope(services, mode="live")
    document = await make_document(services, scope)
    request = await make_request(services, scope, [SECRET_MAIL], document=document)
    signing, key = new_id("sig"), ec.generate_private_key(ec.SECP256R1()).public_key()
    async with services.database.transaction() as tx:
        await journal.begin(tx, request, signing, request.signers[0], "sandbox", services.clock.now())
        certificate = await services.authority.issue_signer_certificate(
            tx, signing, key, Subject(request.signers[0].name, "PL")
        )
    return {
        "serial": serial_in_pairs(x509.load_der_x509_certificate(certificate).serial_number),
        "document_id": document.id,
        "request_id": request.id,
        "signer_id": request.signers[0].id,
    }


LINKS = ["preview_url", "signed_document_url", "audit_trail_url"]


@pytest.fixture(scope="module")
def stranger(live_service: LiveService) -> Iterator[httpx.Client]:
    """Somebody without a key."""
    transport = httpx.HTTPTransport(local_address="127.0.4.1")
    with httpx.Client(transport=transport, timeout=60) as client:
        yield client


def link_of(world: World, name: str) -> str:
    if name != "preview_url":
        return str(world.owner.get(world.completed["id"])[name])
    document = world.owner.client.get(f"/v1/documents/{world.completed['document_id']}").json()
    return str(document[name])


@pytest.mark.parametrize("name", LINKS)
def test_case_30_a_link_with_anything_else_in_it_opens_nothing(
    world: World, stranger: httpx.Client, name: str
) -> None:
    link = link_of(world, name)
    opened = stranger.get(link)
    assert opened.status_code == 200
    assert opened.headers["Cache-Control"] == "private, no-store"
    parts = urlsplit(link)
    asked = dict(parse_qsl(parts.query))
    _, _, account = asked["owner"].partition(".")
    flipped = ("0" if asked["signature"][0] != "0" else "1") + asked["signature"][1:]
    changes = {
        "live owner": {"owner": f"live.{account}"},
        "other owner": {"owner": "test.acc_0000000000000000"},
        "no owner at all": {"owner": ""},
        "later": {"expires": str(int(asked["expires"]) + 86_400)},
        "over": {"expires": "0"},
        "signature": {"signature": flipped},
        "cut signature": {"signature": asked["signature"][:-1]},
        "no signature": {"signature": ""},
    }
    for change, other in changes.items():
        answer = stranger.get(parts._replace(query=urlencode(asked | other)).geturl())
        error = error_of(answer, 403, "FILE_LINK_INVALID")
        assert world.completed["id"] not in error["message"], change
    for left_out in asked:
        rest = {key: value for key, value in asked.items() if key != left_out}
        answer = stranger.get(parts._replace(query=urlencode(rest)).geturl())
        assert error_of(answer, 422, "VALIDATION_FAILED")["field"] == left_out


def test_a_link_to_one_file_opens_no_other(world: World, stranger: httpx.Client) -> None:
    links = [urlsplit(link_of(world, name)) for name in LINKS]
    for link in links:
        for other in links:
            if other.path != link.path:
                answer = stranger.get(link._replace(path=other.path).geturl())
                error_of(answer, 403, "FILE_LINK_INVALID")


def assert_nothing_leaks(answer: httpx.Response, ids: Mapping[str, str]) -> None:
    """An answer to a stranger holds nothing of the object but the id that they named themselves."""
    said = answer.text + repr(list(answer.headers.multi_items()))
    for secret in (SECRET_NAME, SECRET_MAIL, NOWHERE, OWNER):
        assert secret not in said
    if answer.status_code < 400:
        assert not any(name in said for name in ids.values())


def look_of(answer: httpx.Response, ids: Mapping[str, str]) -> tuple[Any, ...]:
    """All of an answer that could tell one absence from another: not what differs anyway."""
    body = answer.text.replace(answer.headers["X-Request-Id"], "req")
    for name, value in ids.items():
        body = body.replace(value, name)
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in {"x-request-id", "date", "x-ratelimit-remaining", "x-ratelimit-reset"}
    }
    return answer.status_code, headers, body
