#!/bin/sh
# Measures scaling, threads and compile times and draws them: scaling.svg, threads.svg and compile_time.svg beside their data, in the
# current folder.
#   plots.sh SCALING_PROGRAM THREADS_PROGRAM INCLUDE_FOLDER
set -eu
here=$(dirname "$0")
command -v gnuplot >/dev/null || { echo "plots.sh: gnuplot is not installed (Debian: gnuplot-nox)" >&2; exit 1; }
"$1" >scaling.txt
"$2" >threads.txt
"$here/compile_time.sh" "$3" >compile_time.txt
gnuplot <<'END'
set terminal svg size 900,420 font "sans,11" background "white"
set key left top
set grid

set output "scaling.svg"
set multiplot layout 1,2
set logscale x
set format x "10^{%L}"
set xlabel "operations"
set ylabel "ns per operation"
set yrange [0:*]
plot "scaling.txt" index 0 using 1:2 with linespoints pt 7 title "record", "" index 0 using 1:3 with linespoints pt 5 title "reverse sweep", \
     "" index 0 using 1:($2+$3) with linespoints pt 9 title "both", \
     "" index 1 using 1:($2+$3) with linespoints pt 6 title "both, in local pieces of 20 operations"
set ylabel "MB"
set logscale y
set yrange [*:*]
plot "scaling.txt" index 0 using 1:5 with linespoints pt 7 title "peak memory", \
     "" index 0 using 1:($1*$4/1e6) with linespoints pt 5 title "tape", \
     "" index 1 using 1:($1*$4/1e6) with linespoints pt 6 title "tape, in local pieces of 20"
unset multiplot

set output "threads.svg"
unset logscale y
set xlabel "samples"
set ylabel "ns per sample, wall time"
set yrange [0:*]
plot "threads.txt" using 1:2 with linespoints pt 7 title "replayed, 1 thread", "" using 1:3 with linespoints pt 6 title "2 threads", \
     "" using 1:4 with linespoints pt 5 title "fused, 1 thread", "" using 1:5 with linespoints pt 4 title "2 threads"

set output "compile_time.svg"
unset logscale
set format x "%g"
set multiplot layout 1,2
set ylabel "seconds"
set yrange [0:*]
set style data histograms
set style fill solid 0.6
set xtics rotate by -20
set xlabel "a program that takes one gradient"
plot "< grep one_gradient compile_time.txt" using 4:xtic(sprintf("%s %s", strcol(1), strcol(2))) notitle
set xtics norotate
set xlabel "operations in a fused function (-O2)"
set style data linespoints
plot "< grep '^g++ .*fused_' compile_time.txt | tr _ ' '" using 4:5 pt 7 title "gcc", \
     "< grep '^clang.*fused_' compile_time.txt | tr _ ' '" using 4:5 pt 5 title "clang"
unset multiplot
END
echo "scaling.svg, threads.svg and compile_time.svg are drawn; their data stand beside them as .txt"
