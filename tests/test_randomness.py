from pipeline.randomness import derive_seed, numpy_stream


def test_a_stream_depends_on_nothing_but_its_address():
    first = numpy_stream(7, "draw", 3, 0).normal(size=4)
    numpy_stream(7, "draw", 2, 0).normal(size=1000)
    assert (numpy_stream(7, "draw", 3, 0).normal(size=4) == first).all()


def test_text_and_numbers_are_different_addresses():
    assert derive_seed(7, "1") != derive_seed(7, 1)


def test_neighbouring_addresses_never_run_together():
    assert derive_seed(7, "a", "bc") != derive_seed(7, "ab", "c")
    assert derive_seed(7, 1, 23) != derive_seed(7, 12, 3)
