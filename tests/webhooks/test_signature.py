from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import subprocess
from datetime import UTC, datetime

import pytest

from qsignhub.foundation.events import Event
from qsignhub.foundation.scope import Scope
from qsignhub.webhooks.signature import body_of, sign

SECRET = "whsec_0123456789abcdefghijABCDEFGHIJ"
EVENT = Event(
    "evt_Z9wX8vU7tS6rQ5pO",
    Scope("acc_1", "test"),
    "signature_request.completed",
    {"signature_request": {"id": "sreq_7Yx4kP9nQ3mB2wR1", "metadata": {"name": 'Zażółć 🖊 \u2028 "\\\n\x01'}}},
    datetime(2025, 1, 15, 11, 2, 50, 123456, tzinfo=UTC),
)

# The contract's own verifier, section 08.
VERIFIER = """
const crypto = require('crypto');

function verifyWebhook(payload, signature, secret) {
  const expected = crypto
    .createHmac('sha256', secret)
    .update(payload, 'utf8')
    .digest('hex');

  const received = signature.replace('sha256=', '');
  return crypto.timingSafeEqual(
    Buffer.from(expected, 'hex'),
    Buffer.from(received, 'hex')
  );
}

const payload = require('fs').readFileSync(0, 'utf8');
const [signature, secret] = process.argv.slice(1);
const restored = JSON.stringify(JSON.parse(payload));
console.log(verifyWebhook(payload, signature, secret), verifyWebhook(restored, signature, secret));
"""


def test_the_body_has_the_contracts_shape():
    told = json.loads(body_of(EVENT))
    assert list(told) == ["id", "type", "created_at", "data"]
    assert told["id"] == "evt_Z9wX8vU7tS6rQ5pO"
    assert told["type"] == "signature_request.completed"
    assert told["created_at"] == "2025-01-15T11:02:50Z"
    assert told["data"] == EVENT.data


def test_the_signature_is_the_hmac_of_the_bytes_under_the_whole_secret():
    body = body_of(EVENT)
    assert sign(SECRET, body) == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert sign(SECRET, body + b" ") != sign(SECRET, body)
    assert sign(SECRET + "x", body) != sign(SECRET, body)


def test_rfc_4231_case_2():
    expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert sign("Jefe", b"what do ya want for nothing?") == expected


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize(("altered", "verdict"), [(b"", "true true"), (b" ", "false true")])
def test_the_contracts_verifier_accepts_it_and_refuses_other_bytes(altered, verdict):
    """Even a receiver that parsed the body and printed it again can verify it."""
    body = body_of(EVENT)
    result = subprocess.run(
        ["node", "-e", VERIFIER, "--", sign(SECRET, body), SECRET],
        input=body + altered,
        capture_output=True,
        check=True,
    )
    assert result.stdout.decode().strip() == verdict
