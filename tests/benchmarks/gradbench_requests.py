#!/usr/bin/env python3
"""Writes gradbench_requests.jsonl: requests to the GradBench tool, and what is right, computed here and not by the library.

Functions are written from their definitions once more, with mpmath in 60 digits, in another way than the tool's where there is one
(rotations as matrix exponentials, determinants by elimination, densities as densities). Derivatives are closed forms, or central
differences with steps of 1e-20, whose error is some 1e-40.

    python3 gradbench_requests.py > gradbench_requests.jsonl
"""
import cmath
import json
import math
import random

from mpmath import mp, mpf, matrix, expm, exp, log, tanh, det, inverse, cos, sin, pi, gamma

mp.dps = 60
step = mpf(10) ** -20
random.seed(1)


def uniform(low=-1.0, high=1.0):
    return round(random.uniform(low, high), 3)


def uniforms(n, low=-1.0, high=1.0):
    return [uniform(low, high) for _ in range(n)]


def differences(f, x):
    """Rows of the Jacobian, one for each output, of f: list -> list."""
    columns = []
    for k in range(len(x)):
        up, down = list(x), list(x)
        up[k] = mpf(up[k]) + step
        down[k] = mpf(down[k]) - step
        columns.append([(a - b) / (2 * step) for a, b in zip(f(up), f(down))])
    return [list(row) for row in zip(*columns)]


def numbers(value):
    """As JSON has it."""
    if isinstance(value, dict):
        return {key: numbers(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [numbers(part) for part in value]
    return value if isinstance(value, int) else float(value)


def expect(module, function, given, output):
    print(json.dumps({"module": module, "function": function, "input": given, "output": numbers(output)}))


# -- hello
expect("hello", "square", 3.0, 9)
expect("hello", "double", 3.0, 6)
expect("hello", "double", -7, -14)

# -- lse: also where the exponentials overflow
for x in ([0.5, -1.25, 2.0, 0.0, 1.0], [1000.0, 999.0, -1000.0], [3.5]):
    total = sum(exp(mpf(v)) for v in x)
    expect("lse", "primal", {"x": x}, log(total))
    expect("lse", "gradient", {"x": x}, [exp(mpf(v)) / total for v in x])

# -- llsq
for n, m in ((5, 3), (2, 1), (4, 6)):
    x = uniforms(m)
    points = [mpf(-1) + mpf(2) * i / (n - 1) for i in range(n)]
    residuals = [mp.sign(t) - sum(mpf(x[j]) * t**j for j in range(m)) for t in points]
    expect("llsq", "primal", {"x": x, "n": n}, sum(r * r for r in residuals) / 2)
    expect("llsq", "gradient", {"x": x, "n": n}, [-sum(r * t**j for r, t in zip(residuals, points)) for j in range(m)])

# -- det: by elimination; its gradient is the matrix of cofactors
for ell in (1, 2, 3, 5, 7):
    a = uniforms(ell * ell)
    m = matrix(ell, ell)
    for i in range(ell):
        for j in range(ell):
            m[i, j] = mpf(a[i * ell + j])
    value, inverted = det(m), inverse(m)
    expect("det", "primal", {"A": a, "ell": ell}, value)
    expect("det", "gradient", {"A": a, "ell": ell}, [value * inverted[j, i] for i in range(ell) for j in range(ell)])

# -- ode: up to the fourth degree the method is exact, and the last component is x0 x1 ... 2^n / n!
x = [0.5, 1.5, -0.75, 2.0]
last = mpf(2) ** 4 / 24 * mpf(0.5) * mpf(1.5) * mpf(-0.75) * 2
expect("ode", "primal", {"x": x, "s": 5}, [1, mpf(2) ** 2 / 2 * 0.75, mpf(2) ** 3 / 6 * mpf(0.5) * mpf(1.5) * mpf(-0.75), last])
expect("ode", "gradient", {"x": x, "s": 5}, [last / mpf(v) for v in x])


def runge_kutta(x, s):
    n, h = len(x), mpf(2) / s

    def slope(y):
        return [x[0]] + [x[i] * y[i - 1] for i in range(1, n)]

    def along(y, k, far):
        return [a + far * b for a, b in zip(y, k)]

    y = [mpf(0)] * n
    for _ in range(s):
        k1 = slope(y)
        k2 = slope(along(y, k1, h / 2))
        k3 = slope(along(y, k2, h / 2))
        k4 = slope(along(y, k3, h))
        y = [a + h / 6 * (b + 2 * c + 2 * d + e) for a, b, c, d, e in zip(y, k1, k2, k3, k4)]
    return y


for n, s in ((7, 2), (3, 1), (12, 4), (1, 3)):
    x = [mpf(v) for v in uniforms(n, 0.2, 2.0)]
    given = {"x": numbers(x), "s": s}
    expect("ode", "primal", given, runge_kutta(x, s))
    expect("ode", "gradient", given, differences(lambda z: runge_kutta(z, s)[-1:], x)[0])


# -- gmm: logarithm of the product of the densities
def log_posterior(d, k, x, alpha, mu, q, l, scale, m):
    total = mpf(0)
    precisions = []
    for i in range(k):
        factor = matrix(d, d)
        below = iter(l[i])
        for column in range(d):
            factor[column, column] = exp(q[i][column])
            for row in range(column + 1, d):
                factor[row, column] = next(below)
        precisions.append(factor.T * factor)
    weights = [exp(a) for a in alpha]
    weights = [w / sum(weights) for w in weights]
    for point in x:
        density = mpf(0)
        for i in range(k):
            apart = matrix([mpf(a) - b for a, b in zip(point, mu[i])])
            density += weights[i] * exp(-(apart.T * precisions[i] * apart)[0] / 2) * mp.sqrt(det(precisions[i]) / (2 * pi) ** d)
        total += log(density)
    freedom = d + m + 1
    for precision in precisions:  # Wishart, of freedom degrees and the scale matrix 1 / scale^2
        trace = sum(precision[i, i] for i in range(d))
        normaliser = mpf(2) ** (mpf(d * freedom) / 2) * (mpf(scale) ** (-2 * d)) ** (mpf(freedom) / 2)
        normaliser *= pi ** (mpf(d * (d - 1)) / 4)
        for j in range(d):
            normaliser *= gamma(mpf(freedom - j) / 2)
        total += log(det(precision) ** (mpf(m) / 2) * exp(-(scale**2) * trace / 2) / normaliser)
    return total


for d, k, n, scale, m in ((2, 3, 4, 1.0, 0), (1, 2, 3, 0.5, 2), (3, 1, 2, 1.5, 1)):
    size = d * (d - 1) // 2
    given = {
        "d": d, "k": k, "n": n, "gamma": scale, "m": m,
        "x": [uniforms(d) for _ in range(n)], "alpha": uniforms(k), "mu": [uniforms(d) for _ in range(k)],
        "q": [uniforms(d) for _ in range(k)], "l": [uniforms(size) for _ in range(k)],
    }  # fmt: skip

    def cut(flat, columns):
        return [[mpf(v) for v in flat[i * columns : (i + 1) * columns]] for i in range(k)]

    def posterior(flat):
        alpha, rest = flat[:k], flat[k:]
        mu, q, l = cut(rest[: k * d], d), cut(rest[k * d : 2 * k * d], d), cut(rest[2 * k * d :], size)
        return [log_posterior(d, k, given["x"], [mpf(a) for a in alpha], mu, q, l, mpf(scale), m)]

    flat = given["alpha"] + sum(given["mu"], []) + sum(given["q"], []) + sum(given["l"], [])
    g = differences(posterior, flat)[0]
    expect("gmm", "objective", given, posterior(flat)[0])
    expect("gmm", "jacobian", given, {"alpha": g[:k], "mu": cut(g[k:], d), "q": cut(g[k + k * d :], d), "l": cut(g[k + 2 * k * d :], size)})


# -- lstm
def loss(flat, layers, width, state, sequence):
    flat = [mpf(v) for v in flat]

    def sigmoid(v):
        return 1 / (1 + exp(-v))

    main = [flat[4 * width * r : 4 * width * (r + 1)] for r in range(2 * layers)]
    extra = [flat[8 * width * layers + width * r :][:width] for r in range(3)]
    hidden = [[mpf(v) for v in state[2 * l]] for l in range(layers)]
    cell = [[mpf(v) for v in state[2 * l + 1]] for l in range(layers)]
    total, count = mpf(0), 0
    for t in range(len(sequence) - 1):
        now = [a * b for a, b in zip(sequence[t], extra[0])]
        for l in range(layers):
            w, b = main[2 * l], main[2 * l + 1]
            for i in range(width):
                f = sigmoid(now[i] * w[i] + b[i])
                g = sigmoid(hidden[l][i] * w[width + i] + b[width + i])
                o = sigmoid(now[i] * w[2 * width + i] + b[2 * width + i])
                c = tanh(hidden[l][i] * w[3 * width + i] + b[3 * width + i])
                cell[l][i] = cell[l][i] * f + g * c
                hidden[l][i] = o * tanh(cell[l][i])
            now = hidden[l]
        predicted = [a * b + c for a, b, c in zip(now, extra[1], extra[2])]
        normaliser = log(sum(exp(v) for v in predicted) + 2)
        total += sum(gold * (v - normaliser) for gold, v in zip(sequence[t + 1], predicted))
        count += width
    return -total / count


for layers, width, length in ((1, 2, 3), (2, 3, 4)):
    given = {
        "main_params": [uniforms(4 * width) for _ in range(2 * layers)],
        "extra_params": [uniforms(width) for _ in range(3)],
        "state": [uniforms(width) for _ in range(2 * layers)],
        "sequence": [[float(random.randrange(2)) for _ in range(width)] for _ in range(length)],
    }
    flat = sum(given["main_params"], []) + sum(given["extra_params"], [])

    def of(z):
        return [loss(z, layers, width, given["state"], given["sequence"])]

    expect("lstm", "objective", given, of(flat)[0])
    expect("lstm", "jacobian", given, differences(of, flat)[0])


# -- rotations by exponentials
def turned(axis):
    a, b, c = [mpf(v) for v in axis]
    return expm(matrix([[0, -c, b], [c, 0, -a], [-b, a, 0]]))


# -- ba
def reprojection(x, seen):
    x = [mpf(v) for v in x]
    camera, point, weight = x[:11], x[11:14], x[14]
    at = turned(camera[:3]) * matrix([a - b for a, b in zip(point, camera[3:6])])
    u, v = at[0] / at[2], at[1] / at[2]
    r = u * u + v * v
    stretch = 1 + camera[9] * r + camera[10] * r * r
    return [weight * (u * stretch * camera[6] + camera[7] - mpf(seen[0])), weight * (v * stretch * camera[6] + camera[8] - mpf(seen[1]))]


for n, m, p, rotation in ((2, 3, 4, [0.1, -0.25, 0.3]), (1, 1, 1, [0.0, 0.0, 0.0]), (3, 2, 30, [2.0, 1.0, -0.5])):
    given = {
        "n": n, "m": m, "p": p, "cam": rotation + [0.25, -0.5, 0.125, 2.5, 0.75, -0.25, -0.125, 0.0625],
        "x": [0.375, -0.625, 3.0], "w": 0.75, "feat": [1.25, -0.5],
    }  # fmt: skip
    x = given["cam"] + given["x"] + [given["w"]]
    weight = mpf(given["w"])
    expect("ba", "objective", given, {
        "reproj_error": {"elements": reprojection(x, given["feat"]), "repeated": p}, "w_err": {"element": 1 - weight**2, "repeated": p}})  # fmt: skip
    # compressed rows of the whole matrix, of which the first 30 entries are told, and the last
    block = differences(lambda z: reprojection(z, given["feat"]), x)
    rows, cols, vals = [0], [], []
    for e in range(p):
        columns = [11 * (e % n) + k for k in range(11)] + [11 * n + 3 * (e % m) + k for k in range(3)] + [11 * n + 3 * m + e]
        for row in block:
            cols += columns
            vals += row
            rows.append(len(cols))
    for e in range(p):
        cols.append(11 * n + 3 * m + e)
        vals.append(-2 * weight)
        rows.append(len(cols))
    expect("ba", "jacobian", given, {"rows": rows[:30] + rows[-1:], "cols": cols[:30] + cols[-1:], "vals": vals[:30] + vals[-1:]})


# -- ht: 4 x 4 matrices throughout
def hand_errors(pose, us, given):
    model = given["data"]["model"]

    def homogeneous(rotation):
        result = mp.eye(4)
        for i in range(3):
            for j in range(3):
                result[i, j] = rotation[i, j]
        return result

    bends = {}
    next_angle = iter(pose[6:])
    for finger in range(5):
        for joint in range(3):
            first = next(next_angle)
            bends[2 + 4 * finger + joint] = (first, next(next_angle) if joint == 0 else mpf(0))
    absolute, bones = [], []
    for bone, parent in enumerate(model["parents"]):
        own = matrix(model["base_relatives"][bone])
        if bone in bends:
            about_x, about_z = bends[bone]
            own = own * homogeneous(turned([0, 0, about_z]) * turned([about_x, 0, 0]))
        absolute.append(own if parent < 0 else absolute[parent] * own)
        bones.append(absolute[-1] * matrix(model["inverse_base_absolutes"][bone]))
    vertices = []
    for base, weights in zip(model["base_positions"], model["weights"]):
        at = matrix([0, 0, 0, 0])
        for bone, weight in zip(bones, weights):
            at += mpf(weight) * (bone * matrix(base))
        at = matrix([-at[0] if model["is_mirrored"] else at[0], at[1], at[2]])
        vertices.append(turned(pose[:3]) * at + matrix([mpf(v) for v in pose[3:6]]))
    errors = []
    for i, (number, point) in enumerate(zip(given["data"]["correspondences"], given["data"]["points"])):
        if us:
            a, b, c = [vertices[v] for v in model["triangles"][number]]
            u, v = us[i]
            at = u * a + v * b + (1 - u - v) * c
        else:
            at = vertices[number]
        errors += [mpf(p) - q for p, q in zip(point, at)]
    return errors


for mirrored, on_triangles in ((False, False), (True, True)):
    bones, count = 22, 4

    def frame():
        result = [[float(x) for x in row] + [uniform()] for row in turned(uniforms(3)).tolist()]
        return [[round(v, 3) for v in row] for row in result] + [[0.0, 0.0, 0.0, 1.0]]

    model = {
        "bone_count": bones, "bone_names": ["bone %d" % k for k in range(bones)],
        "parents": [-1] + [1 if k % 4 == 2 else k - 1 for k in range(1, bones)],
        "base_relatives": [frame() for _ in range(bones)], "inverse_base_absolutes": [frame() for _ in range(bones)],
        "base_positions": [uniforms(3) + [1.0] for _ in range(count)],
        "weights": [[uniform(0, 1) if (k + v) % 3 else 0.0 for k in range(bones)] for v in range(count)],
        "triangles": [[0, 1, 2], [3, 2, 0]], "is_mirrored": mirrored,
    }  # fmt: skip
    given = {
        "theta": uniforms(26),
        "data": {"model": model, "correspondences": [1, 0, 1] if on_triangles else [2, 3, 2, 0],
                 "points": [uniforms(3) for _ in range(3 if on_triangles else 4)]},
        "us": [uniforms(2, 0, 0.5) for _ in range(3)] if on_triangles else [],
    }  # fmt: skip
    pose, us = [mpf(v) for v in given["theta"]], [[mpf(v) for v in pair] for pair in given["us"]]
    expect("ht", "objective", given, hand_errors(pose, us, given))
    rows = differences(lambda z: hand_errors(z, us, given), pose)
    if on_triangles:
        both = differences(lambda z: hand_errors(pose, [[u + z[0], v + z[1]] for u, v in us], given), [mpf(0), mpf(0)])
        rows = [a + b for a, b in zip(both, rows)]
    expect("ht", "jacobian", given, rows)

# -- kmeans: a step of Newton's method leads to the mean of a centroid's points
points = [[0.0, 0.0], [0.5, 0.25], [4.0, 4.0], [4.5, 3.5], [5.0, 4.5], [-3.0, 1.0]]
centroids = [[0.5, 0.5], [4.0, 5.0], [-2.0, 2.0]]
groups = [[0, 1], [2, 3, 4], [5]]
given = {"points": points, "centroids": centroids}
cost = sum(sum((mpf(a) - b) ** 2 for a, b in zip(points[i], c)) for c, group in zip(centroids, groups) for i in group)
expect("kmeans", "cost", given, cost)
expect("kmeans", "dir", given, [[mpf(c[k]) - sum(mpf(points[i][k]) for i in g) / len(g) for k in range(2)] for c, g in zip(centroids, groups)])


# -- particle: forces by hand, the outer derivative by a complex step, in double precision as the descent is
def descend(f, gradient, x):
    def length(v):
        return math.sqrt(sum(a * a for a in v))

    fx, rate, taken, slope = f(x), 1e-5, 0, gradient(x)
    while length(slope) > 1e-5:
        if taken == 10:
            rate, taken = 2 * rate, 0
            continue
        step_taken = [rate * g for g in slope]
        if length(step_taken) <= 1e-5:
            break
        following = [a - b for a, b in zip(x, step_taken)]
        if f(following) < fx:
            x, fx, slope, taken = following, f(following), gradient(following), taken + 1
        else:
            rate, taken = rate / 2, 0
    return x


def follow(w):
    x, y, x_speed, y_speed = 0j, 8 + 0j, 0.75 + 0j, 0j
    while True:
        push_x, push_y = 0j, 0j
        for other in (10 - w, 0):
            far = cmath.sqrt((x - 10) ** 2 + (y - other) ** 2)
            push_x += (x - 10) / far**3
            push_y += (y - other) / far**3
        x, y = x + 0.1 * x_speed, y + 0.1 * y_speed
        if y.real <= 0:
            return (x - y / y_speed * x_speed) ** 2
        x_speed, y_speed = x_speed + 0.1 * push_x, y_speed + 0.1 * push_y


tiny = 1e-100
for start in (0.0, 1.0):
    w = descend(lambda v: follow(v[0]).real, lambda v: [follow(v[0] + 1j * tiny).imag / tiny], [start])[0]
    for variant in ("ff", "fr", "rf", "rr"):
        expect("particle", variant, {"w": start}, w)
assert abs(descend(lambda v: follow(v[0]).real, lambda v: [follow(v[0] + 1j * tiny).imag / tiny], [0.0])[0] - 0.2071918746486116) < 1e-9  # GradBench's
for w in (0.0, 0.3, 1.0):
    expect("particle", "objective", {"w": w}, follow(w).real)
    expect("particle", "gradient", {"w": w}, follow(w + 1j * tiny).imag / tiny)

# -- saddle: the two halves do not meet, so descents are on |x|^2 alone, and the maximum's gradient is 2 x
for start in ([1.0, 1.0], [-2.0, 0.5]):
    end = descend(lambda v: v[0] ** 2 + v[1] ** 2, lambda v: [2 * v[0], 2 * v[1]], start)
    for variant in ("ff", "fr", "rf", "rr"):
        expect("saddle", variant, {"start": start}, end + end)
    expect("saddle", "objective", {"start": start}, sum(v * v for v in start) - sum(v * v for v in end))
    expect("saddle", "gradient", {"start": start}, [2 * v for v in start])
