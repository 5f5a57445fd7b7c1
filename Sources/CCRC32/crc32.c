// SPDX-License-Identifier: Apache-2.0
#include "crc32.h"

#include <pthread.h>
#include <string.h>

// MARK: - Tables

// slice[k][b]: the register after byte b and k zero bytes.
static uint32_t slice[8][256];
static pthread_once_t slice_once = PTHREAD_ONCE_INIT;

static void build_slices(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ (0xEDB88320u & (0u - (value & 1u)));
    slice[0][byte] = value;
  }
  for (uint32_t byte = 0; byte < 256; byte++)
    for (int k = 1; k < 8; k++)
      slice[k][byte] = (slice[k - 1][byte] >> 8) ^ slice[0][slice[k - 1][byte] & 0xFF];
}

static inline uint32_t load_little_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
         (uint32_t)bytes[3] << 24;
}

// Works on the register itself: the caller inverts before and after.
static uint32_t update_by_table(uint32_t value, const uint8_t *bytes, size_t count) {
  pthread_once(&slice_once, build_slices);
  for (; count >= 8; bytes += 8, count -= 8) {
    uint32_t low = load_little_endian(bytes) ^ value;
    uint32_t high = load_little_endian(bytes + 4);
    value = slice[7][low & 0xFF] ^ slice[6][(low >> 8) & 0xFF] ^ slice[5][(low >> 16) & 0xFF] ^
            slice[4][low >> 24] ^ slice[3][high & 0xFF] ^ slice[2][(high >> 8) & 0xFF] ^
            slice[1][(high >> 16) & 0xFF] ^ slice[0][high >> 24];
  }
  for (; count > 0; bytes++, count--) value = (value >> 8) ^ slice[0][(value ^ *bytes) & 0xFF];
  return value;
}

// MARK: - x86-64: carry-less multiply

#if defined(__x86_64__)
#include <immintrin.h>

#define FOLDING __attribute__((target("pclmul,sse4.1")))

FOLDING static inline __m128i fold(__m128i value, __m128i constants, __m128i next) {
  __m128i low = _mm_clmulepi64_si128(value, constants, 0x00);
  __m128i high = _mm_clmulepi64_si128(value, constants, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

FOLDING static inline __m128i load(const uint8_t *bytes) {
  return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

// Gopal et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction" (Intel,
// 2009), bit-reflected. The constants are x^n mod P for the distances folded over: 512 and 128
// bits, then 64, then Barrett's quotient. `count` is a multiple of 16 and at least 64.
FOLDING static uint32_t update_by_folding(uint32_t value, const uint8_t *bytes, size_t count) {
  const __m128i by_512 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4);
  const __m128i by_128 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  const __m128i by_64 = _mm_set_epi64x(0, 0x0163cd6124);
  const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641);
  const __m128i low_32_bits = _mm_setr_epi32(-1, 0, -1, 0);

  __m128i x0 = _mm_xor_si128(load(bytes), _mm_cvtsi32_si128((int)value));
  __m128i x1 = load(bytes + 16), x2 = load(bytes + 32), x3 = load(bytes + 48);
  for (bytes += 64, count -= 64; count >= 64; bytes += 64, count -= 64) {
    x0 = fold(x0, by_512, load(bytes));
    x1 = fold(x1, by_512, load(bytes + 16));
    x2 = fold(x2, by_512, load(bytes + 32));
    x3 = fold(x3, by_512, load(bytes + 48));
  }
  x0 = fold(x0, by_128, x1);
  x0 = fold(x0, by_128, x2);
  x0 = fold(x0, by_128, x3);
  for (; count >= 16; bytes += 16, count -= 16) x0 = fold(x0, by_128, load(bytes));

  // 128 bits to 64.
  __m128i reduced = _mm_xor_si128(_mm_srli_si128(x0, 8), _mm_clmulepi64_si128(x0, by_128, 0x10));
  reduced = _mm_xor_si128(
      _mm_srli_si128(reduced, 4),
      _mm_clmulepi64_si128(_mm_and_si128(reduced, low_32_bits), by_64, 0x00));
  // 64 bits to 32.
  __m128i quotient =
      _mm_clmulepi64_si128(_mm_and_si128(reduced, low_32_bits), barrett, 0x10);
  quotient = _mm_clmulepi64_si128(_mm_and_si128(quotient, low_32_bits), barrett, 0x00);
  return (uint32_t)_mm_extract_epi32(_mm_xor_si128(reduced, quotient), 1);
}

#define WIDE_FOLDING __attribute__((target("vpclmulqdq,avx2,pclmul,sse4.1")))

WIDE_FOLDING static inline __m256i fold_wide(__m256i value, __m256i constants, const uint8_t *next) {
  __m256i low = _mm256_clmulepi64_epi128(value, constants, 0x00);
  __m256i high = _mm256_clmulepi64_epi128(value, constants, 0x11);
  __m256i added = _mm256_loadu_si256((const __m256i *)(const void *)next);
  return _mm256_xor_si256(_mm256_xor_si256(low, high), added);
}

// The same with registers of twice the width, over 1024 bits; then the 128 bytes that have the
// same remainder as everything folded so far go through `update_by_folding`. `count` is a multiple
// of 16 and at least 256.
WIDE_FOLDING static uint32_t update_by_wide_folding(
    uint32_t value, const uint8_t *bytes, size_t count) {
  const __m256i by_1024 = _mm256_set_epi64x(0x14a7fe880, 0x1e88ef372, 0x14a7fe880, 0x1e88ef372);
  __m256i x[4];
  for (int i = 0; i < 4; i++)
    x[i] = _mm256_loadu_si256((const __m256i *)(const void *)(bytes + 32 * i));
  x[0] = _mm256_xor_si256(x[0], _mm256_set_epi32(0, 0, 0, 0, 0, 0, 0, (int)value));
  for (bytes += 128, count -= 128; count >= 128; bytes += 128, count -= 128)
    for (int i = 0; i < 4; i++) x[i] = fold_wide(x[i], by_1024, bytes + 32 * i);
  uint8_t folded[128];
  for (int i = 0; i < 4; i++) _mm256_storeu_si256((__m256i *)(void *)(folded + 32 * i), x[i]);
  value = update_by_folding(0, folded, sizeof folded);
  return count >= 64 ? update_by_folding(value, bytes, count) : update_by_table(value, bytes, count);
}

static uint32_t update(uint32_t value, const uint8_t *bytes, size_t count) {
  if (count >= 512 && __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx2")) {
    size_t folded = count & ~(size_t)15;
    value = update_by_wide_folding(value, bytes, folded);
    bytes += folded;
    count -= folded;
  } else if (count >= 64 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) {
    size_t folded = count & ~(size_t)15;
    value = update_by_folding(value, bytes, folded);
    bytes += folded;
    count -= folded;
  }
  return update_by_table(value, bytes, count);
}

// MARK: - AArch64: CRC instructions

#elif defined(__aarch64__) && defined(__linux__) && defined(__AARCH64EL__)
#include <sys/auxv.h>

#ifndef HWCAP_CRC32
#define HWCAP_CRC32 (1 << 7)
#endif

__attribute__((target("crc"))) static uint32_t update_by_instruction(
    uint32_t value, const uint8_t *bytes, size_t count) {
  for (; count >= 8; bytes += 8, count -= 8) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    value = __builtin_arm_crc32d(value, word);
  }
  for (; count > 0; bytes++, count--) value = __builtin_arm_crc32b(value, *bytes);
  return value;
}

static uint32_t update(uint32_t value, const uint8_t *bytes, size_t count) {
  if (getauxval(AT_HWCAP) & HWCAP_CRC32) return update_by_instruction(value, bytes, count);
  return update_by_table(value, bytes, count);
}

// MARK: - Elsewhere

#else
static uint32_t update(uint32_t value, const uint8_t *bytes, size_t count) {
  return update_by_table(value, bytes, count);
}
#endif

uint32_t commlens_crc32(uint32_t crc, const uint8_t *bytes, size_t count) {
  return ~update(~crc, bytes, count);
}

uint32_t commlens_crc32_portable(uint32_t crc, const uint8_t *bytes, size_t count) {
  return ~update_by_table(~crc, bytes, count);
}
