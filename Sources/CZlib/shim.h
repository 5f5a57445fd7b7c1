#pragma once
#include <zlib.h>

/// `inflateInit2` and `deflateInit2` are macros, so Swift cannot import them.
static inline int czlib_deflateInit2(z_streamp stream) {
  // 15 bits of window, and 16 for a gzip header.
  return deflateInit2(stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
static inline int czlib_inflateInit2(z_streamp stream, int windowBits) {
  return inflateInit2(stream, windowBits);
}
