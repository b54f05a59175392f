#include "gathering_too_many.cpp"
