#include "train/data.hpp"

#include <bit>
#include <vector>

#include "random/random.hpp"

namespace vae_kl {

Matrix make_data(Eigen::Index rows, Eigen::Index observed, Eigen::Index latent, std::uint64_t seed) {
  constexpr std::uint64_t model_stream = 1'000'000, data_stream = 1'000'001;
  std::vector<double> model(static_cast<std::size_t>(observed * (latent + 1)));
  fill_normals(seed, model_stream, 0, model);
  const Eigen::Map<const Matrix> W(model.data(), observed, latent);
  const Eigen::Map<const Vector> b(model.data() + observed * latent, observed);
  std::vector<double> noise(static_cast<std::size_t>(rows * (latent + observed)));
  fill_normals(seed, data_stream, 0, noise);
  Matrix data(rows, observed);
  for (Eigen::Index k = 0; k < rows; ++k) {
    const Eigen::Map<const Vector> z(noise.data() + k * (latent + observed), latent);
    const Eigen::Map<const Vector> e(noise.data() + k * (latent + observed) + latent, observed);
    data.row(k) = W * z + b + 0.5 * e;
  }
  return data;
}

std::uint64_t digest(const Matrix& data) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a over 64-bit words, with a final mix
  const auto add = [&](std::uint64_t word) { hash = std::rotl((hash ^ word) * 0x100000001b3, 29); };
  add(static_cast<std::uint64_t>(data.rows()));
  add(static_cast<std::uint64_t>(data.cols()));
  for (Eigen::Index k = 0; k < data.size(); ++k) add(std::bit_cast<std::uint64_t>(data.data()[k]));
  return hash ^ (hash >> 32);
}

}  // namespace vae_kl
