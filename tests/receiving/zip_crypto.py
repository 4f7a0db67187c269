"""A zip encrypted the traditional way (PKWARE's APPNOTE, section 6.1), which zipfile only reads."""

import binascii
import struct
import zlib
from pathlib import Path


def _step(crc: int, byte: int) -> int:
    return (binascii.crc32(bytes([byte]), crc ^ 0xFFFFFFFF) ^ 0xFFFFFFFF) & 0xFFFFFFFF


def encrypt(content: bytes, password: bytes) -> bytes:
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = _step(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = _step(keys[2], keys[1] >> 24)

    for byte in password:
        update(byte)
    out = bytearray()
    for byte in content:
        temporary = (keys[2] | 2) & 0xFFFF
        out.append(byte ^ ((temporary * (temporary ^ 1)) >> 8 & 0xFF))
        update(byte)
    return bytes(out)


def locked_zip(path: Path, files: dict[str, bytes], password: str, method: int = 8) -> Path:
    """Write `files` encrypted; `method` is the number of the compression that headers claim."""
    body, listed = bytearray(), bytearray()
    for name, content in files.items():
        checksum = zlib.crc32(content)
        packer = zlib.compressobj(wbits=-15)
        packed = packer.compress(content) + packer.flush()
        header = bytes(11) + bytes([checksum >> 24])  # its last byte tells a wrong password
        data = encrypt(header + packed, password.encode())
        encoded = name.encode()
        common = struct.pack("<HHHHHIIIHH", 20, 1, method, 0, 33, checksum, len(data), len(content),
                             len(encoded), 0)  # fmt: skip
        listed += b"PK\x01\x02" + struct.pack("<H", 20) + common
        listed += struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + encoded
        body += b"PK\x03\x04" + common + encoded + data
    end = struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(listed), len(body), 0)
    path.write_bytes(bytes(body) + bytes(listed) + b"PK\x05\x06" + end)
    return path
