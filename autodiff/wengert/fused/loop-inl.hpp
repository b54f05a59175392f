// The block loop of a fused batch for one instruction set; included by fused_batch.hpp once for each, with its attributes in
// force.
//   WENGERT_LOOP_NAME     the struct's name
//   WENGERT_LOOP_BYTES    bytes in a vector register
//
// Vectors are passed by address only, so that no calling convention depends on the instruction set. What + - * / and the
// comparisons are on vectors is the compiler's vector extension; every other operation calls the block kernel of the library,
// which is the rule itself on lanes. All indices are constants, so that an optimiser keeps v, one vector per node, in registers.

template <class Recipe, class T, bool squares>
struct WENGERT_LOOP_NAME {
  typedef T Vector __attribute__((vector_size(WENGERT_LOOP_BYTES)));
  static constexpr int lanes = WENGERT_LOOP_BYTES / sizeof(T);
  static constexpr int unroll = WENGERT_LOOP_BYTES == 64 ? 2 : 1;  // vectors in flight, as the registers allow
  static constexpr std::size_t tile = static_cast<std::size_t>(unroll) * lanes;
  static constexpr const auto& program = frozen<Recipe>;
  using Layout = BatchLayout<Recipe>;
  using Batch = FusedBatch<T>;
  typedef Vector Tile[unroll];

  /// Operand i of the u-th vector: a varying value, or a shared one in every lane.
  template <NodeId i, int u>
  WENGERT_FUSED_STEP void load(const Batch& batch, const Tile* v, Vector& to) {
    if constexpr (program.varies(i))
      to = v[i][u];
    else if constexpr (i < 0)
      to = Vector{} + static_cast<T>(program.constant(i));
    else
      to = Vector{} + batch.shared[i];
  }

  /// Computes the u-th vector of node i. In a debugger `name` says which node it is, and `v[i][u]` is its value afterwards.
  template <NodeId i, int u>
  WENGERT_FUSED_STEP void native_step(const Batch& batch, Tile* v) {
    constexpr FrozenNode node = program[i];
    [[maybe_unused]] const char* const name = program.label(i);
    constexpr Vector zero = {};
    Vector x, y, z;
    load<node.x, u>(batch, v, x);
    load<node.y, u>(batch, v, y);
    if constexpr (node.op == Op::Add) {
      v[i][u] = x + y;
    } else if constexpr (node.op == Op::Sub) {
      v[i][u] = x - y;
    } else if constexpr (node.op == Op::Mul) {
      v[i][u] = WENGERT_ROUNDED(x * y);
    } else if constexpr (node.op == Op::Div) {
      v[i][u] = x / y;
    } else if constexpr (node.op == Op::Neg) {
      v[i][u] = -x;
    } else if constexpr (node.op == Op::AbsorbingProduct) {
      const Vector product = WENGERT_ROUNDED(x * y);
      v[i][u] = x == zero ? zero : product;
    } else if constexpr (node.op == Op::Select) {
      load<node.z, u>(batch, v, z);
      v[i][u] = x == zero ? z : y;
    } else if constexpr (node.op == Op::Less) {
      v[i][u] = x < y ? zero + 1 : zero;
    } else if constexpr (node.op == Op::LessEqual) {
      v[i][u] = x <= y ? zero + 1 : zero;
    } else if constexpr (node.op == Op::Equal) {
      v[i][u] = x == y ? zero + 1 : zero;
    } else {
      static_assert(node.op == Op::Detach);
      v[i][u] = x;
    }
  }

  /// The operand of a call: a copy of a varying value (v itself stays in registers), or the address of a shared one.
  template <NodeId i, int... u>
  WENGERT_FUSED_STEP const T* argument(const Batch& batch, const Tile* v, Tile& copy, std::integer_sequence<int, u...>) {
    if constexpr (program.varies(i)) {
      ((copy[u] = v[i][u]), ...);
      return reinterpret_cast<const T*>(&copy[0]);
    } else {
      return batch.shared + Layout::shared_cell(i);
    }
  }
  template <NodeId i, int... u>
  WENGERT_FUSED_STEP void call_step(const Batch& batch, Tile* v, std::integer_sequence<int, u...> all) {
    constexpr FrozenNode node = program[i];
    [[maybe_unused]] const char* const name = program.label(i);
    Tile x, y, z, result;
    batch.kernels[Layout::kernel_number(i)](reinterpret_cast<T*>(&result[0]), argument<node.x>(batch, v, x, all),
                                            argument<node.y>(batch, v, y, all), argument<node.z>(batch, v, z, all), tile);
    ((v[i][u] = result[u]), ...);
  }

  template <NodeId i, int... u>
  WENGERT_FUSED_STEP void step(const Batch& batch, Tile* v, std::integer_sequence<int, u...> all) {
    constexpr FrozenNode node = program[i];
    if constexpr (node.varying && node.op != Op::Independent) {
      if constexpr (is_native(node.op))
        (native_step<i, u>(batch, v), ...);
      else
        call_step<i>(batch, v, all);
    }
  }

  static constexpr NodeId chunk_size = 128;
  template <NodeId first, NodeId... i>
  WENGERT_FUSED_STEP void chunk(const Batch& batch, Tile* v, std::integer_sequence<NodeId, i...>) {
    (step<first + i>(batch, v, std::make_integer_sequence<int, unroll>()), ...);
  }
  /// A chunk as a function of its own. Compilers take more than linear time over one function, and have no registers for the
  /// values of so large a program anyway.
  template <NodeId first, NodeId count>
  [[gnu::noinline]] static void chunk_apart(const Batch& batch, Tile* v) {
    chunk<first>(batch, v, std::make_integer_sequence<NodeId, count>());
  }
  template <NodeId first = 0>
  WENGERT_FUSED_STEP void run_steps(const Batch& batch, Tile* v) {
    constexpr NodeId left = program.size - first, count = left < chunk_size ? left : chunk_size;
    if constexpr (left > 0) {
      if constexpr (program.size > 2 * chunk_size)
        chunk_apart<first, count>(batch, v);
      else
        chunk<first>(batch, v, std::make_integer_sequence<NodeId, count>());
      run_steps<first + chunk_size>(batch, v);
    }
  }

  // Whole chunks at a time, as above: functions that call each other, one for each column, would take quadratic time to compile.
  template <int c, int... u>
  WENGERT_FUSED_STEP void read_column(Tile* v, const T* const* columns, std::size_t at, std::integer_sequence<int, u...>) {
    (__builtin_memcpy(&v[Layout::column_node(c)][u], columns[c] + at + u * lanes, sizeof(Vector)), ...);
  }
  template <int first, int... c>
  WENGERT_FUSED_STEP void read_chunk(Tile* v, const T* const* columns, std::size_t at, std::integer_sequence<int, c...>) {
    (read_column<first + c>(v, columns, at, std::make_integer_sequence<int, unroll>()), ...);
  }
  template <int first = 0>
  WENGERT_FUSED_STEP void read(Tile* v, const T* const* columns, std::size_t at) {
    constexpr int left = Layout::columns - first;
    if constexpr (left > 0) {
      read_chunk<first>(v, columns, at, std::make_integer_sequence<int, (left < chunk_size ? left : chunk_size)>());
      read<first + chunk_size>(v, columns, at);
    }
  }

  /// Adds up a tile's outputs; of a tile that is not full, the first `count` samples.
  template <bool full, int k, int u>
  WENGERT_FUSED_STEP void accumulate_vector(const Batch& batch, const Tile* v, std::size_t count, Tile* sums, Tile* square_sums) {
    Vector x = v[Layout::summed_node(k)][u];
    if constexpr (squares) x -= batch.shifts[k];
    if constexpr (!full) {
      Vector place;
      __builtin_memcpy(&place, &places[u * lanes], sizeof(Vector));
      x = place < Vector{} + static_cast<T>(count) ? x : Vector{};
    }
    sums[k][u] += x;
    if constexpr (squares) square_sums[k][u] += x * x;
  }
  template <bool full, int first, int... k>
  WENGERT_FUSED_STEP void accumulate_chunk(const Batch& batch, const Tile* v, std::size_t count, Tile* sums, Tile* square_sums,
                                           std::integer_sequence<int, k...>) {
    (accumulate_vector<full, first + k / unroll, k % unroll>(batch, v, count, sums, square_sums), ...);
  }
  template <bool full, int first = 0>
  WENGERT_FUSED_STEP void accumulate(const Batch& batch, const Tile* v, std::size_t count, Tile* sums, Tile* square_sums) {
    constexpr int left = Layout::summed - first, some = chunk_size / unroll;
    if constexpr (left > 0) {
      accumulate_chunk<full, first>(batch, v, count, sums, square_sums,
                                    std::make_integer_sequence<int, (left < some ? left : some) * unroll>());
      accumulate<full, first + some>(batch, v, count, sums, square_sums);
    }
  }
  static constexpr std::array<T, tile> places = [] {
    std::array<T, tile> result{};
    for (std::size_t k = 0; k < tile; ++k) result[k] = static_cast<T>(k);
    return result;
  }();
  /// Writes a tile of each output that is asked for, from sample `at` on.
  template <int k, int... u>
  WENGERT_FUSED_STEP void write_output(const Batch& batch, const Tile* v, T* const* sinks, std::size_t at,
                                       std::integer_sequence<int, u...>) {
    if (sinks[k] == nullptr) return;
    Vector x[unroll];
    (load<Layout::written_node(k), u>(batch, v, x[u]), ...);
    (__builtin_memcpy(sinks[k] + at + u * lanes, &x[u], sizeof(Vector)), ...);
  }
  template <int first, int... k>
  WENGERT_FUSED_STEP void write_chunk(const Batch& batch, const Tile* v, T* const* sinks, std::size_t at,
                                      std::integer_sequence<int, k...>) {
    (write_output<first + k>(batch, v, sinks, at, std::make_integer_sequence<int, unroll>()), ...);
  }
  template <int first = 0>
  WENGERT_FUSED_STEP void write(const Batch& batch, const Tile* v, T* const* sinks, std::size_t at) {
    constexpr int left = Layout::written - first;
    if constexpr (left > 0) {
      write_chunk<first>(batch, v, sinks, at, std::make_integer_sequence<int, (left < chunk_size ? left : chunk_size)>());
      write<first + chunk_size>(batch, v, sinks, at);
    }
  }
  /// Vectors among themselves, then their lanes by halves: one fixed order.
  static double total(const Tile& sums) {
    double lane[lanes];
    for (int k = 0; k < lanes; ++k) {
      lane[k] = static_cast<double>(sums[0][k]);
      for (int u = 1; u < unroll; ++u) lane[k] += static_cast<double>(sums[u][k]);
    }
    for (int half = lanes / 2; half > 0; half /= 2)
      for (int k = 0; k < half; ++k) lane[k] += lane[k + half];
    return lane[0];
  }

  static void run(const void* context, std::size_t, std::size_t n, const T* const* columns, T* const* sinks, std::byte*,
                  OutputSums* sums) {
    const Batch& batch = *static_cast<const Batch*>(context);
    constexpr int outputs = Layout::summed;
    const std::size_t whole = n / tile * tile;
    bool writes = false;
    for (int k = 0; k < Layout::written; ++k) writes |= sinks[k] != nullptr;
    // The last samples fill only a part of a tile; the rest of it repeats the last one and is not counted.
    T padded[Layout::columns > 0 ? Layout::columns : 1][tile];
    const T* rest[Layout::columns > 0 ? Layout::columns : 1];
    for (int c = 0; c < Layout::columns; ++c) {
      if (whole < n)
        for (std::size_t k = 0; k < tile; ++k) padded[c][k] = columns[c][whole + k < n ? whole + k : n - 1];
      rest[c] = padded[c];
    }
    Tile v[program.size], sum[outputs > 0 ? outputs : 1] = {}, square[squares && outputs > 0 ? outputs : 1] = {};
    for (std::size_t at = 0; at < n; at += tile) {
      if (at < whole)
        read(v, columns, at);
      else
        read(v, rest, 0);
      run_steps(batch, v);
      if (at < whole) {
        accumulate<true>(batch, v, tile, sum, square);
        if (writes) write(batch, v, sinks, at);
        continue;
      }
      accumulate<false>(batch, v, n - whole, sum, square);
      if (!writes) continue;
      T output[Layout::written][tile];
      T* ends[Layout::written];
      for (int k = 0; k < Layout::written; ++k) ends[k] = sinks[k] != nullptr ? output[k] : nullptr;
      write(batch, v, ends, 0);
      for (int k = 0; k < Layout::written; ++k)
        if (sinks[k] != nullptr) __builtin_memcpy(sinks[k] + whole, output[k], (n - whole) * sizeof(T));
    }
    for (int k = 0; k < outputs; ++k)
      sums[k] = {squares ? static_cast<double>(batch.shifts[k]) : 0, total(sum[k]), squares ? total(square[squares ? k : 0]) : 0};
  }
};
