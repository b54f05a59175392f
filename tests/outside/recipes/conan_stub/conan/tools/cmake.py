import subprocess


def cmake_layout(recipe):
    pass


class CMakeDeps:
    def __init__(self, recipe):
        pass

    def generate(self):
        pass


class CMakeToolchain:
    def __init__(self, recipe):
        self.recipe, self.cache_variables = recipe, {}

    def generate(self):
        self.recipe.cache_variables = self.cache_variables


class CMake:
    def __init__(self, recipe):
        self.recipe = recipe

    def configure(self):
        recipe = self.recipe
        options = {"CMAKE_BUILD_TYPE": "Release", "CMAKE_CXX_FLAGS_RELEASE": "-O0 -DNDEBUG", "CMAKE_INSTALL_LIBDIR": "lib"}
        if "shared" in getattr(recipe, "options", {}):
            options["BUILD_SHARED_LIBS"] = recipe.options.shared
        options.update(getattr(recipe, "cache_variables", {}))
        if getattr(recipe, "prefixes", None):
            options["CMAKE_PREFIX_PATH"] = ";".join(recipe.prefixes)
        values = ["-D%s=%s" % (name, {True: "ON", False: "OFF"}.get(value, value)) for name, value in options.items()]
        subprocess.run(["cmake", "-S", recipe.source_folder, "-B", recipe.build_folder, "-G", "Ninja"] + values, check=True)

    def build(self):
        subprocess.run(["cmake", "--build", self.recipe.build_folder], check=True)

    def install(self):
        subprocess.run(["cmake", "--install", self.recipe.build_folder, "--prefix", self.recipe.package_folder], check=True)
