// Linear solves by QR decompositions, of numbers for variables and of variables for numbers.
#include <gmock/gmock.h>

#include <Eigen/Dense>

#include "eigen/eigen_systems.hpp"
#include "wengert/eigen.hpp"

namespace {

using namespace eigen_systems;

TEST(EigenSolve, ByQrTakesNumbersOnEitherSide) {
  expect_on_either_side("householderQr", [](const auto& a, const auto& b) { return VectorXv(a.householderQr().solve(b)); });
  expect_on_either_side("colPivHouseholderQr",
                        [](const auto& a, const auto& b) { return VectorXv(a.colPivHouseholderQr().solve(b)); });
  expect_on_either_side("fullPivHouseholderQr",
                        [](const auto& a, const auto& b) { return VectorXv(a.fullPivHouseholderQr().solve(b)); });
  expect_on_either_side("completeOrthogonal",
                        [](const auto& a, const auto& b) { return VectorXv(a.completeOrthogonalDecomposition().solve(b)); });
  expect_on_either_side("transposed", [](const auto& a, const auto& b) {
    return VectorXv(a.transpose().eval().colPivHouseholderQr().transpose().solve(b));
  });
}

}  // namespace
