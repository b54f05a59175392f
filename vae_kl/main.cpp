// The program vae_kl. Everything it does is in the library beside it, where the tests reach it too.
#include "program/program.hpp"

int main(int argc, char** argv) { return vae_kl::run(argc, argv); }
