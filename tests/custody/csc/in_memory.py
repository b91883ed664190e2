"""The register and the vault without a database: the real ones have tests of their own."""

from __future__ import annotations


class MemoryRegister:
    def __init__(self) -> None:
        self._values: dict[tuple[str, str], bytes] = {}

    async def claim(self, kind: str, name: str, value: bytes) -> bool:
        if (kind, name) in self._values:
            return False
        self._values[kind, name] = value
        return True

    async def value(self, kind: str, name: str) -> bytes | None:
        return self._values.get((kind, name))

    async def names(self, kind: str, prefix: str) -> list[str]:
        return [name for of, name in self._values if of == kind and name.startswith(prefix)]


class MemoryVault:
    def __init__(self) -> None:
        self._secrets: dict[tuple[str, str], bytes] = {}

    async def keep(self, kind: str, name: str, secret: bytes) -> bool:
        if (kind, name) in self._secrets:
            return False
        self._secrets[kind, name] = secret
        return True

    async def reveal(self, kind: str, name: str) -> bytes | None:
        return self._secrets.get((kind, name))

    async def destroy(self, kind: str, name: str) -> None:
        self._secrets.pop((kind, name), None)
