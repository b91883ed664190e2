"""Another process at the same keys: ``python -m tests.support.custody_process``, a line of JSON in, one out.

``ready`` is printed first; work begins when the line arrives.
"""

from __future__ import annotations

import asyncio
import json
import sys
from base64 import b64decode, b64encode
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from qsignhub.foundation.errors import QSignHubError
from qsignhub.foundation.signature_algorithms import algorithm_named
from tests.support.custody_places import TokenAccess, on_database


async def main(said: dict[str, Any]) -> dict[str, str]:
    token = TokenAccess(**said["token"]) if said["token"] else None
    async with on_database(said["conninfo"], token) as place:
        custody = place.open()
        await custody.ping()
        print("ready", flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.readline)
        try:
            if said["do"] == "create":
                public = await custody.create_key(said["key_id"], algorithm_named(said["algorithm"]))
                der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
                return {"done": b64encode(der).decode()}
            signature = await custody.sign(
                said["key_id"], b64decode(said["message"]), b64decode(said["activation"])
            )
            return {"done": b64encode(signature).decode()}
        except QSignHubError as error:
            return {"failed": type(error).__name__}


if __name__ == "__main__":
    answer = asyncio.run(main(json.loads(sys.stdin.readline())))
    print(json.dumps(answer))  # noqa: T201
