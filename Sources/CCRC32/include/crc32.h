// SPDX-License-Identifier: Apache-2.0
#pragma once
// The one C target; what else Swift cannot say is in byte_masks.h and isal_shim.h.
#include <stddef.h>
#include <stdint.h>

/// Continues a CRC-32 (polynomial 0xEDB88320, as gzip and zlib compute it).
///
/// Pass 0 to start; the result is the finished value, as zlib's `crc32()` returns it. Uses the
/// processor's carry-less multiply (x86-64) or CRC instructions (AArch64) when it has them.
uint32_t commlens_crc32(uint32_t crc, const uint8_t *bytes, size_t count);

/// The same value by table lookup only: what `commlens_crc32` falls back to.
uint32_t commlens_crc32_portable(uint32_t crc, const uint8_t *bytes, size_t count);
