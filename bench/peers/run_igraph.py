"""PageRank of igraph on the graph of programs and tests, damped as self-validation is."""

from igraph import Graph

from bench.peers.ranking import serve


def build(rows: list[list[int]]) -> tuple[Graph, int]:
    programs = len(rows)
    edges = [(i, programs + j) for i, row in enumerate(rows) for j, passed in enumerate(row) if passed]
    return Graph(n=programs + len(rows[0]), edges=edges), programs


def score(graph: tuple[Graph, int]) -> list[float]:
    ranks: list[float] = graph[0].pagerank(damping=0.85)
    return ranks[: graph[1]]


if __name__ == "__main__":
    serve(build, score)
