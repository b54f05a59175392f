// Pairs of normals on vectors of VAE_KL_BYTES bytes, as struct VAE_KL_NAME. Included by random.cpp once for each instruction set.
//
// A vector holds a word of the generator in the low half of each 64-bit lane: so its products are single instructions. The high
// halves hold what is left over from them, and nobody reads it.
struct VAE_KL_NAME {
  typedef double Doubles __attribute__((vector_size(VAE_KL_BYTES)));
  typedef std::uint64_t Bits __attribute__((vector_size(VAE_KL_BYTES)));
  static constexpr std::size_t lanes = VAE_KL_BYTES / 8;
  static constexpr std::size_t vectors = 4;  // in flight together: each is a long chain of operations
  static_assert(step % (vectors * lanes) == 0);

  struct Words {
    Bits word[4];
  };

  [[gnu::always_inline]] static inline Doubles as_doubles(Bits x) { return reinterpret_cast<Doubles>(x); }
  [[gnu::always_inline]] static inline Bits as_bits(Doubles x) { return reinterpret_cast<Bits>(x); }

  // The four operations that have instructions of their own on each set.
  /// 64 bits, of the low half of each lane.
  [[gnu::always_inline]] static inline Bits wide_product(Bits x, std::uint64_t factor) {
#if defined(__x86_64__) && VAE_KL_BYTES == 64
    return reinterpret_cast<Bits>(
        _mm512_maskz_mul_epu32(0xFF, reinterpret_cast<__m512i>(x), _mm512_set1_epi64(static_cast<long long>(factor))));
#elif defined(__x86_64__) && VAE_KL_BYTES == 32
    return reinterpret_cast<Bits>(
        _mm256_mul_epu32(reinterpret_cast<__m256i>(x), _mm256_set1_epi64x(static_cast<long long>(factor))));
#elif defined(__x86_64__)
    return reinterpret_cast<Bits>(_mm_mul_epu32(reinterpret_cast<__m128i>(x), _mm_set1_epi64x(static_cast<long long>(factor))));
#else
    return (x & 0xFFFFFFFF) * factor;
#endif
  }
  [[gnu::always_inline]] static inline Bits exclusive_or(Bits x, Bits y, Bits z) {
#if VAE_KL_BYTES == 64
    return reinterpret_cast<Bits>(_mm512_ternarylogic_epi64(reinterpret_cast<__m512i>(x), reinterpret_cast<__m512i>(y),
                                                            reinterpret_cast<__m512i>(z), 0x96));
#else
    return x ^ y ^ z;
#endif
  }
  [[gnu::always_inline]] static inline Doubles root(Doubles x) {
#if defined(__x86_64__) && VAE_KL_BYTES == 64
    return reinterpret_cast<Doubles>(_mm512_maskz_sqrt_pd(0xFF, reinterpret_cast<__m512d>(x)));
#elif defined(__x86_64__) && VAE_KL_BYTES == 32
    return reinterpret_cast<Doubles>(_mm256_sqrt_pd(reinterpret_cast<__m256d>(x)));
#elif defined(__x86_64__)
    return reinterpret_cast<Doubles>(_mm_sqrt_pd(reinterpret_cast<__m128d>(x)));
#else
    for (std::size_t k = 0; k < lanes; ++k) x[k] = std::sqrt(x[k]);
    return x;
#endif
  }
  [[gnu::always_inline]] static inline void swap_where_odd(Bits which, Doubles& x, Doubles& y) {
    const Doubles was = x;
#if VAE_KL_BYTES == 64
    const __mmask8 odd = _mm512_test_epi64_mask(reinterpret_cast<__m512i>(which), _mm512_set1_epi64(1));
    x = reinterpret_cast<Doubles>(_mm512_mask_blend_pd(odd, reinterpret_cast<__m512d>(x), reinterpret_cast<__m512d>(y)));
    y = reinterpret_cast<Doubles>(_mm512_mask_blend_pd(odd, reinterpret_cast<__m512d>(y), reinterpret_cast<__m512d>(was)));
#elif VAE_KL_BYTES == 32
    const auto odd = reinterpret_cast<__m256d>(which << 63);
    x = reinterpret_cast<Doubles>(_mm256_blendv_pd(reinterpret_cast<__m256d>(x), reinterpret_cast<__m256d>(y), odd));
    y = reinterpret_cast<Doubles>(_mm256_blendv_pd(reinterpret_cast<__m256d>(y), reinterpret_cast<__m256d>(was), odd));
#else
    const Bits difference = (as_bits(x) ^ as_bits(y)) & (0 - (which & 1));
    x = as_doubles(as_bits(was) ^ difference);
    y = as_doubles(as_bits(y) ^ difference);
#endif
  }

  /// A double with the exponent of `binade` whose fraction is the upper 52 bits of two words.
  [[gnu::always_inline]] static inline Doubles fraction(Bits low, Bits high, double binade) {
    const Bits both = (high << 32) | (low & 0xFFFFFFFF);
    return as_doubles((both >> 12) | std::bit_cast<std::uint64_t>(binade));
  }

  /// -log u for 2^-52 <= u <= 1. u = 2^e m with sqrt(1/2) <= m < sqrt(2), and log m = 2 artanh s = f - s (f - R) with f = m - 1,
  /// s = f / (m + 1), R = 2 s^2/3 + 2 s^4/5 + …, here the polynomial in s^2 that is nearest on these m: within 2^-52.2 of log m.
  [[gnu::always_inline]] static inline Doubles minus_log(Doubles u) {
    constexpr std::uint64_t root_of_half = 0x3FE6A09E667F3BCD, mantissa = 0x000FFFFFFFFFFFFF;
    const Bits shifted = as_bits(u) + ((std::uint64_t{64} << 52) - root_of_half);  // 64: its exponent field stays positive
    const Doubles m = as_doubles((shifted & mantissa) + root_of_half);
    const Doubles e = as_doubles((shifted >> 52) | std::bit_cast<std::uint64_t>(0x1p52)) - (0x1p52 + 64);
    const Doubles f = m - 1.0, s = f / (m + 1.0);
    const Doubles s2 = s * s, s4 = s2 * s2;
    const Doubles r =
        s2 * (0x1.555555555395fp-1 + s2 * 0x1.999999a294dddp-2 +
              s4 * (0x1.24924176c7785p-2 + s2 * 0x1.c72278a00045fp-3 + s4 * (0x1.732c134e934a2p-3 + s2 * 0x1.587864f337d35p-3)));
    return (s * (f - r) - f) - e * std::numbers::ln2;
  }

  /// Writes the normals of a vector of counters, two for each.
  // Box and Muller: a radius with -radius^2 / 2 = log of a uniform on (0, 1], and an angle of a uniform part of a circle.
  [[gnu::always_inline]] static inline void write_normals(const Words& x, double* normals) {
    const Doubles half = minus_log(2.0 - fraction(x.word[0], x.word[1], 1));
    const Doubles radius = root(half + half);

    // The angle in quarters, 4 to 8 of them: the nearest whole number of them and what is left, -1/2 to 1/2, exactly. Polynomials
    // nearest to sin and cos of it: within 2^-58 and 2^-53.
    const Doubles quarters = fraction(x.word[2], x.word[3], 4);
    const Doubles rounded = quarters + 0x1.8p52;  // its lowest bits are the whole number
    const Bits quadrant = as_bits(rounded);
    const Doubles t = quarters - (rounded - 0x1.8p52);
    const Doubles t2 = t * t, t4 = t2 * t2;
    Doubles sine = t * (0x1.921fb54442d18p+0 + t2 * (-0x1.4abbce625be47p-1 + t2 * 0x1.466bc67758d84p-4 +
                                                     t4 * (-0x1.32d2cce333242p-8 + t2 * 0x1.5078301b598b2p-13 +
                                                           t4 * (-0x1.e300a652bdc60p-19 + t2 * 0x1.e403ce218f88dp-25))));
    Doubles cosine = 1.0 - t2 * (0x1.3bd3cc9be45dep+0 -
                                 t2 * (0x1.03c1f081b3f2cp-2 + t2 * -0x1.55d3c7df69f9fp-6 +
                                       t4 * (0x1.e1f4fe7968122p-11 + t2 * -0x1.a6cb10d61f120p-16 + t4 * 0x1.f44702d3146a6p-22)));
    swap_where_odd(quadrant, cosine, sine);
    constexpr std::uint64_t sign = std::uint64_t{1} << 63;
    const Bits turned = quadrant << 62;  // a sine is negative in quadrants 2 and 3, a cosine in 1 and 2
    const Doubles x_part = radius * as_doubles(as_bits(cosine) ^ ((turned + (std::uint64_t{1} << 62)) & sign));
    const Doubles y_part = radius * as_doubles(as_bits(sine) ^ (turned & sign));
#if VAE_KL_BYTES == 64
    const Doubles first = __builtin_shufflevector(x_part, y_part, 0, 8, 1, 9, 2, 10, 3, 11);
    const Doubles second = __builtin_shufflevector(x_part, y_part, 4, 12, 5, 13, 6, 14, 7, 15);
#elif VAE_KL_BYTES == 32
    const Doubles first = __builtin_shufflevector(x_part, y_part, 0, 4, 1, 5);
    const Doubles second = __builtin_shufflevector(x_part, y_part, 2, 6, 3, 7);
#else
    const Doubles first = __builtin_shufflevector(x_part, y_part, 0, 2);
    const Doubles second = __builtin_shufflevector(x_part, y_part, 1, 3);
#endif
    std::memcpy(normals, &first, sizeof first);
    std::memcpy(normals + lanes, &second, sizeof second);
  }

  [[gnu::always_inline]] static inline Bits everywhere(std::uint64_t word) { return Bits{} + (word & 0xFFFFFFFF); }

  /// The normals of `count` counters from pair `first` on. None of them may be beyond a multiple of 2^32 that `first` is before.
  static void run(const Keys& keys, std::uint64_t stream, std::uint64_t first, std::size_t count, double* normals) {
    Bits numbers;
    for (std::size_t k = 0; k < lanes; ++k) numbers[k] = k;
    for (std::size_t k = 0; k < count; k += vectors * lanes) {
      Words x[vectors];
      for (std::size_t v = 0; v < vectors; ++v)
        x[v] = {numbers + (first + k + v * lanes), everywhere(first >> 32), everywhere(stream), everywhere(stream >> 32)};
#pragma GCC unroll 10
      for (const auto& key : keys)
#pragma GCC unroll 4
        for (auto& [word] : x) {
          const Bits a = wide_product(word[0], philox_a), b = wide_product(word[2], philox_b);
          word[0] = exclusive_or(b >> 32, word[1], Bits{} + key[0]);
          word[1] = b;
          word[2] = exclusive_or(a >> 32, word[3], Bits{} + key[1]);
          word[3] = a;
        }
#pragma GCC unroll 4
      for (std::size_t v = 0; v < vectors; ++v) write_normals(x[v], normals + 2 * (k + v * lanes));
    }
  }
};
