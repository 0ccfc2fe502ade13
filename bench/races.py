"""Programs whose order of growth is known, and programs that are equal in all but words."""

# ruff: noqa: E501 (programs are data)

from dataclasses import dataclass


@dataclass(frozen=True)
class Race:
    """Two programs for one call, whose entry point is `f`; where the other fakes its speed, `slow` is the honest one."""

    name: str
    test: str
    slow: str
    fast: str


PAIRS = (
    Race("distinct elements: n^2, n", "assert f([4, 1, 4, 2]) == [4, 1, 2]", """
def f(xs):
    out = []
    for x in xs:
        if x not in out: out.append(x)
    return out
""", "def f(xs): return list(dict.fromkeys(xs))"),
    Race("any duplicate: n^2, n", "assert f([3, 1, 2]) is False", """
def f(xs):
    for i in range(len(xs)):
        for j in range(i + 1, len(xs)):
            if xs[i] == xs[j]: return True
    return False
""", "def f(xs): return len(set(xs)) < len(xs)"),
    Race("two with a sum: n^2, n", "assert f([3, 9, 4], -1) is None", """
def f(xs, total):
    for i in range(len(xs)):
        for j in range(i + 1, len(xs)):
            if xs[i] + xs[j] == total: return i, j
""", """
def f(xs, total):
    seen = {}
    for j, x in enumerate(xs):
        if total - x in seen: return seen[total - x], j
        seen.setdefault(x, j)
"""),
    Race("a queue: n^2, n", "assert f([1, 2, 3, 4]) == [1, 3]", """
def f(xs):
    queue, out = list(xs), []
    while queue:
        out.append(queue.pop(0))
        if queue: queue.pop(0)
    return out
""", """
from collections import deque
def f(xs):
    queue, out = deque(xs), []
    while queue:
        out.append(queue.popleft())
        if queue: queue.popleft()
    return out
"""),
    Race("common elements: n^2, n", "assert f([1, 2, 3], [2, 3, 4]) == [2, 3]", "def f(a, b): return [x for x in a if x in b]", """
def f(a, b):
    known = set(b)
    return [x for x in a if x in known]
"""),
    Race("Fibonacci: exponential, n", "assert f(10) == 55", "def f(n): return n if n < 2 else f(n - 1) + f(n - 2)", """
def f(n):
    a, b = 0, 1
    for _ in range(n): a, b = b, a + b
    return a
"""),
    Race("primes: n^1.5, n log log n", "assert f(20) == 8", """
def f(n):
    count = 0
    for k in range(2, n + 1):
        d = 2
        while d * d <= k and k % d: d += 1
        count += d * d > k
    return count
""", """
def f(n):
    sieve = bytearray([1]) * (n + 1)
    sieve[:2] = b'\\0\\0'
    for d in range(2, int(n ** .5) + 1):
        if sieve[d]: sieve[d * d :: d] = bytes(len(range(d * d, n + 1, d)))
    return sum(sieve)
"""),
    Race("sorting: n^2, n log n", "assert f([3, 1, 2]) == [1, 2, 3]", """
def f(xs):
    xs = list(xs)
    for i in range(1, len(xs)):
        x, j = xs[i], i
        while j and xs[j - 1] > x:
            xs[j] = xs[j - 1]
            j -= 1
        xs[j] = x
    return xs
""", """
def f(xs):
    if len(xs) < 2: return list(xs)
    middle = len(xs) // 2
    a, b, out, i, j = f(xs[:middle]), f(xs[middle:]), [], 0, 0
    while i < len(a) and j < len(b):
        if b[j] < a[i]:
            out.append(b[j])
            j += 1
        else:
            out.append(a[i])
            i += 1
    return out + a[i:] + b[j:]
"""),
    Race("largest sum of neighbours: n^2, n", "assert f([2, -3, 4, -1]) == 4", """
def f(xs):
    best = xs[0]
    for i in range(len(xs)):
        total = 0
        for x in xs[i:]:
            total += x
            if total > best: best = total
    return best
""", """
def f(xs):
    best = here = xs[0]
    for x in xs[1:]:
        here = x if here < 0 else here + x
        if here > best: best = here
    return best
"""),
    Race("longest rising subsequence: n^2, n log n", "assert f([3, 1, 4, 1, 5]) == 3", """
def f(xs):
    best = [1] * len(xs)
    for i in range(len(xs)):
        for j in range(i):
            if xs[j] < xs[i] and best[j] >= best[i]: best[i] = best[j] + 1
    return max(best, default=0)
""", """
from bisect import bisect_left
def f(xs):
    ends = []
    for x in xs:
        at = bisect_left(ends, x)
        ends[at : at + 1] = [x]
    return len(ends)
"""),
)  # fmt: skip

EQUAL = (
    Race("squares", "assert f(10) == 285", """
def f(n):
    total = 0
    for i in range(n):
        total += i * i
    return total
""", """
def f(count: int) -> int:
    \"\"\"Sum of squares below count.\"\"\"
    result = 0
    for k in range(count):
        result += k * k
    return result
"""),
    Race("distinct elements", "assert f([4, 1, 4, 2]) == [4, 1, 2]", PAIRS[0].slow, """
def f(values):
    # keeps the first of each
    seen = []
    for value in values:
        if value not in seen:
            seen.append(value)
    return seen
"""),
    Race("insertion sort", "assert f([3, 1, 2]) == [1, 2, 3]", PAIRS[7].slow, """
def f(numbers):
    numbers = list(numbers)
    for at in range(1, len(numbers)):
        taken, hole = numbers[at], at
        while hole and numbers[hole - 1] > taken:
            numbers[hole] = numbers[hole - 1]
            hole -= 1
        numbers[hole] = taken
    return numbers
"""),
    Race("Fibonacci", "assert f(10) == 55", "def f(n): return n if n < 2 else f(n - 1) + f(n - 2)", """
def f(index):
    return index if index < 2 else f(index - 1) + f(index - 2)
"""),
    Race("primes", "assert f(20) == 8", PAIRS[6].slow, """
def f(limit):
    primes = 0
    for candidate in range(2, limit + 1):
        divisor = 2
        while divisor * divisor <= candidate and candidate % divisor:
            divisor += 1
        primes += divisor * divisor > candidate
    return primes
"""),
    Race("largest sum of neighbours", "assert f([2, -3, 4, -1]) == 4", PAIRS[8].slow, """
def f(items):
    top = items[0]
    for start in range(len(items)):
        running = 0
        for item in items[start:]:
            running += item
            if running > top: top = running
    return top
"""),
    Race("common elements", "assert f([1, 2, 3], [2, 3, 4]) == [2, 3]", PAIRS[4].slow, """
def f(first, second):
    return [item for item in first if item in second]
"""),
    Race("words by length", "assert f('to be or not to be') == {2: 5, 3: 1}", """
def f(text):
    counts = {}
    for word in text.split():
        counts[len(word)] = counts.get(len(word), 0) + 1
    return counts
""", """
def f(sentence):
    by_length = {}
    for token in sentence.split():
        by_length[len(token)] = by_length.get(len(token), 0) + 1
    return by_length
"""),
    Race("digits", "assert f(1000) == 13500", """
def f(n):
    total = 0
    for k in range(n):
        while k:
            total += k % 10
            k //= 10
    return total
""", """
def f(limit):
    answer = 0
    for number in range(limit):
        while number:
            answer += number % 10
            number //= 10
    return answer
"""),
    Race("product of matrices", "assert f([[1, 2], [3, 4]]) == [[7, 10], [15, 22]]", """
def f(m):
    n = len(m)
    return [[sum(m[i][k] * m[k][j] for k in range(n)) for j in range(n)] for i in range(n)]
""", """
def f(rows):
    size = len(rows)
    return [[sum(rows[a][c] * rows[c][b] for c in range(size)) for b in range(size)] for a in range(size)]
"""),
)  # fmt: skip
