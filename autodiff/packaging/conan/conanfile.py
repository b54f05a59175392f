"""Conan 2 recipe: `conan create autodiff/packaging/conan` builds the tree that it lies in."""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load

required_conan_version = ">=2.0"


class Wengert(ConanFile):
    name = "wengert"
    description = "Tape-based reverse-mode automatic differentiation"
    license = "Apache-2.0"
    topics = ("automatic-differentiation", "gradient", "tape", "simd")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "shared": [True, False],
        "fPIC": [True, False],
        "with_export": [True, False],
        "with_tbb": [True, False],
        "with_sleef": [True, False],  # the system's own
    }
    default_options = {"shared": False, "fPIC": True, "with_export": True, "with_tbb": True, "with_sleef": False}

    def tree(self):
        return os.path.normpath(os.path.join(self.recipe_folder, "..", "..", ".."))

    def set_version(self):
        project = load(self, os.path.join(self.tree(), "CMakeLists.txt"))
        self.version = re.search(r"project\(wengert VERSION (\S+)", project).group(1)

    def export_sources(self):
        for what in ("CMakeLists.txt", "LICENSE", "README.md", "autodiff/*"):
            copy(self, what, src=self.tree(), dst=self.export_sources_folder)

    def config_options(self):
        if self.settings.os == "Windows":
            del self.options.fPIC

    def configure(self):
        if self.options.shared:
            self.options.rm_safe("fPIC")

    def layout(self):
        cmake_layout(self)

    def validate(self):
        check_min_cppstd(self, 20)

    def requirements(self):
        self.requires("fmt/[>=9 <12]", transitive_headers=True, transitive_libs=True)
        if self.options.with_export:
            self.requires("nlohmann_json/[>=3.11 <4]")
        if self.options.with_tbb:
            self.requires("onetbb/[>=2021 <2023]")

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["WENGERT_BUILD_DEMO"] = False
        toolchain.cache_variables["WENGERT_BUILD_TESTS"] = False
        toolchain.cache_variables["WENGERT_INSTALL"] = True
        toolchain.cache_variables["WENGERT_WITH_TBB"] = bool(self.options.with_tbb)
        toolchain.cache_variables["WENGERT_WITH_SLEEF"] = bool(self.options.with_sleef)
        toolchain.cache_variables["WENGERT_WITH_MPI"] = False  # whatever the machine has
        toolchain.cache_variables["CMAKE_DISABLE_FIND_PACKAGE_nlohmann_json"] = not self.options.with_export
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", src=self.source_folder, dst=os.path.join(self.package_folder, "licenses"))
        CMake(self).install()

    def package_info(self):
        # The library's own CMake package says more than a generated one would: components, and the compilers' limits.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("lib", "cmake", "wengert")]
        core = self.cpp_info.components["wengert"]
        core.set_property("pkg_config_name", "wengert")
        core.libs = ["wengert"]
        core.requires = ["fmt::fmt"] + (["onetbb::onetbb"] if self.options.with_tbb else [])
        if self.options.with_sleef:
            core.system_libs.append("sleef")
        if self.settings.os in ("Linux", "FreeBSD"):
            core.system_libs += ["m", "pthread"]
        for name in ["check"] + (["export"] if self.options.with_export else []):
            part = self.cpp_info.components[name]
            part.set_property("pkg_config_name", "wengert-" + name)
            part.libs = ["wengert_" + name]
            part.requires = ["wengert"] + (["nlohmann_json::nlohmann_json"] if name == "export" else [])
