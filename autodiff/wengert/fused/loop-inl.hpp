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
  WENGERT_VECTOR_TYPE(T, Vector, WENGERT_LOOP_BYTES);
  static constexpr int lanes = WENGERT_LOOP_BYTES / sizeof(T);
  static constexpr NodeId chunk_size = 128;
  /// Compilers take more than linear time over one function, and have no registers for the values of a large program anyway: then
  /// chunks are functions of their own.
  static constexpr bool in_chunks = frozen<Recipe>.size > 2 * chunk_size;
  static constexpr int unroll = WENGERT_LOOP_BYTES == 64 && !in_chunks ? 2 : 1;  // vectors in flight, as the registers allow
  static constexpr std::size_t tile = static_cast<std::size_t>(unroll) * lanes;
  static constexpr const auto& program = frozen<Recipe>;
  using Layout = BatchLayout<Recipe>;
  using Batch = FusedBatch<T>;
  typedef Vector Tile[unroll];

  // A compiler takes longest over what is instantiated for each node. So steps are templates on what is done, and the node is an
  // argument, a constant once the step is inlined.

  /// An operand in the u-th vector: a varying value, or a shared one or a constant in every lane.
  template <Operands operand>
  WENGERT_FUSED_STEP void load(const Batch& batch, const Tile* v, NodeId i, double constant, int u, Vector& to) {
    if constexpr (operand == Operands::Varying)
      to = v[i][u];
    else if constexpr (operand == Operands::Shared)
      to = Vector{} + batch.shared[i];
    else
      to = Vector{} + static_cast<T>(constant);
  }

  /// Computes the u-th vector of a node. In a debugger `step.name` says which one it is, and `v[step.node][u]` is its value
  /// afterwards.
  template <StepKind kind>
  WENGERT_FUSED_STEP void native_step(const Batch& batch, Tile* v, const Step& step, int u) {
    constexpr Vector zero = {};
    Vector x, y;
    load<kind.x>(batch, v, step.x, step.constant_x, u, x);
    load<kind.y>(batch, v, step.y, step.constant_y, u, y);
    Vector& result = v[step.node][u];
    if constexpr (kind.op == Op::Add) {
      result = x + y;
    } else if constexpr (kind.op == Op::Sub) {
      result = x - y;
    } else if constexpr (kind.op == Op::Mul) {
      result = WENGERT_ROUNDED(x * y);
    } else if constexpr (kind.op == Op::Div) {
      result = x / y;
    } else if constexpr (kind.op == Op::Neg) {
      result = -x;
    } else if constexpr (kind.op == Op::AbsorbingProduct) {
      const Vector product = WENGERT_ROUNDED(x * y);
      result = x == zero ? zero : product;
    } else if constexpr (kind.op == Op::Select) {
      Vector z;
      load<kind.z>(batch, v, step.z, step.constant_z, u, z);
      result = x == zero ? z : y;
    } else if constexpr (kind.op == Op::Less) {
      result = x < y ? zero + 1 : zero;
    } else if constexpr (kind.op == Op::LessEqual) {
      result = x <= y ? zero + 1 : zero;
    } else if constexpr (kind.op == Op::Equal) {
      result = x == y ? zero + 1 : zero;
    } else {
      static_assert(kind.op == Op::Detach);
      result = x;
    }
  }

  /// The operand of a call: a copy of a varying value (v itself stays in registers), or the address of a shared one.
  template <Operands operand, int... u>
  WENGERT_FUSED_STEP const T* argument(const Batch& batch, const Tile* v, NodeId i, Tile& copy) {
    if constexpr (operand == Operands::Varying) {
      ((copy[u] = v[i][u]), ...);
      return reinterpret_cast<const T*>(&copy[0]);
    } else {
      return batch.shared + Layout::shared_cell(i);
    }
  }

  /// Computes a node, if it is computed for each sample.
  template <StepKind kind, int... u>
  WENGERT_FUSED_STEP void run_step(const Batch& batch, Tile* v, const Step& step) {
    if constexpr (kind.op != Op::Independent && is_native(kind.op)) {
      (native_step<kind>(batch, v, step, u), ...);
    } else if constexpr (kind.op != Op::Independent) {
      Tile x, y, z, result;
      batch.kernels[step.kernel](reinterpret_cast<T*>(&result[0]), argument<kind.x, u...>(batch, v, step.x, x),
                                 argument<kind.y, u...>(batch, v, step.y, y), argument<kind.z, u...>(batch, v, step.z, z), tile);
      ((v[step.node][u] = result[u]), ...);
    }
  }

  template <NodeId first, int... u, NodeId... i>
  WENGERT_FUSED_STEP void chunk(const Batch& batch, Tile* v, std::integer_sequence<int, u...>,
                                std::integer_sequence<NodeId, i...>) {
    (run_step<Layout::kinds[first + i], u...>(batch, v, Layout::steps[first + i]), ...);
  }
  template <NodeId first, NodeId count>
  WENGERT_NOINLINE static void chunk_apart(const Batch& batch, Tile* v) {
    chunk<first>(batch, v, std::make_integer_sequence<int, unroll>(), std::make_integer_sequence<NodeId, count>());
  }
  template <NodeId first = 0>
  WENGERT_FUSED_STEP void run_steps(const Batch& batch, Tile* v) {
    constexpr NodeId left = program.size - first, count = left < chunk_size ? left : chunk_size;
    if constexpr (left > 0) {
      if constexpr (in_chunks)
        chunk_apart<first, count>(batch, v);
      else
        chunk<first>(batch, v, std::make_integer_sequence<int, unroll>(), std::make_integer_sequence<NodeId, count>());
      run_steps<first + chunk_size>(batch, v);
    }
  }

  // Whole chunks at a time: functions that call each other, one for each column, would take quadratic time to compile.
  template <int... u>
  WENGERT_FUSED_STEP void read_column(Tile& to, const T* from) {
    (WENGERT_COPY(&to[u], from + u * lanes, sizeof(Vector)), ...);
  }
  template <int first, int... u, int... c>
  WENGERT_FUSED_STEP void read_chunk(Tile* v, const T* const* columns, std::size_t at, std::integer_sequence<int, u...>,
                                     std::integer_sequence<int, c...>) {
    (read_column<u...>(v[Layout::column_nodes[first + c]], columns[first + c] + at), ...);
  }
  template <int first = 0>
  WENGERT_FUSED_STEP void read(Tile* v, const T* const* columns, std::size_t at) {
    constexpr int left = Layout::columns - first;
    if constexpr (left > 0) {
      read_chunk<first>(v, columns, at, std::make_integer_sequence<int, unroll>(),
                        std::make_integer_sequence<int, (left < chunk_size ? left : chunk_size)>());
      read<first + chunk_size>(v, columns, at);
    }
  }

  /// Adds up a tile's outputs; of a tile that is not full, the first `count` samples.
  template <bool full>
  WENGERT_FUSED_STEP void accumulate_vector(const Batch& batch, const Tile* v, NodeId node, int k, int u, std::size_t count,
                                            Tile* sums, Tile* square_sums) {
    Vector x = v[node][u];
    if constexpr (squares) x -= batch.shifts[k];
    if constexpr (!full) {
      Vector place;
      WENGERT_COPY(&place, &places[static_cast<std::size_t>(u * lanes)], sizeof(Vector));
      x = place < Vector{} + static_cast<T>(count) ? x : Vector{};
    }
    sums[k][u] += x;
    if constexpr (squares) square_sums[k][u] += x * x;
  }
  template <bool full, int first, int... k>
  WENGERT_FUSED_STEP void accumulate_chunk(const Batch& batch, const Tile* v, std::size_t count, Tile* sums, Tile* square_sums,
                                           std::integer_sequence<int, k...>) {
    (accumulate_vector<full>(batch, v, Layout::summed_node(first + k / unroll), first + k / unroll, k % unroll, count, sums,
                             square_sums),
     ...);
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
  template <Operands operand, int... u>
  WENGERT_FUSED_STEP void write_output(const Batch& batch, const Tile* v, NodeId node, double constant, T* to) {
    if (to == nullptr) return;
    Vector x[unroll];
    (load<operand>(batch, v, node, constant, u, x[u]), ...);
    (WENGERT_COPY(to + u * lanes, &x[u], sizeof(Vector)), ...);
  }
  template <int first, int... u, int... k>
  WENGERT_FUSED_STEP void write_chunk(const Batch& batch, const Tile* v, T* const* sinks, std::size_t at,
                                      std::integer_sequence<int, u...>, std::integer_sequence<int, k...>) {
    (write_output<Layout::operand(Layout::written_node(first + k)), u...>(
         batch, v, Layout::written_node(first + k), Layout::constant(Layout::written_node(first + k)),
         sinks[first + k] != nullptr ? sinks[first + k] + at : nullptr),
     ...);
  }
  template <int first = 0>
  WENGERT_FUSED_STEP void write(const Batch& batch, const Tile* v, T* const* sinks, std::size_t at) {
    constexpr int left = Layout::written - first;
    if constexpr (left > 0) {
      write_chunk<first>(batch, v, sinks, at, std::make_integer_sequence<int, unroll>(),
                         std::make_integer_sequence<int, (left < chunk_size ? left : chunk_size)>());
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
        if (sinks[k] != nullptr) WENGERT_COPY(sinks[k] + whole, output[k], (n - whole) * sizeof(T));
    }
    for (int k = 0; k < outputs; ++k)
      sums[k] = {squares ? static_cast<double>(batch.shifts[k]) : 0, total(sum[k]), squares ? total(square[squares ? k : 0]) : 0};
  }
};
