int stranger_in_c(void) { return 1; }
