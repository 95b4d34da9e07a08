"""Makes acme.wasm of provider.py and provider.toml."""

import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent


def leb(number: int) -> bytes:
    return bytes([number & 127 | 128]) + leb(number >> 7) if number > 127 else bytes([number])


wasm = HERE / "acme.wasm"
# A provider is lent the contract, and nothing of WASI.
arguments = ["-d", HERE / "../../../wit", "-w", "provider-world", "componentize", "--stub-wasi", "-p", HERE, "-o", wasm, "provider"]
subprocess.run(["componentize-py", *arguments], check=True)

# The manifest goes behind the code, in a custom section of its own.
name = b"jeton:manifest"
content = leb(len(name)) + name + (HERE / "provider.toml").read_bytes()
with wasm.open("ab") as file:
    file.write(b"\0" + leb(len(content)) + content)
