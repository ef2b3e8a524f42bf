"""Accuracy and predictions, and asking over a network."""

import numpy as np
import pytest

import cotejo
from conftest import insecure, people
from cotejo.errors import CotejoWarning, ServiceError


def labelled(subjects=12, samples=3):
    drawn = np.random.default_rng(6)
    each = np.repeat(people(subjects), samples, axis=0)
    return each + 0.1 * drawn.normal(size=each.shape), np.repeat([f"S{n}" for n in range(subjects)], samples)


def test_a_card_is_made_of_labelled_templates(tmp_path):
    terms = cotejo.Agreement.face(16, threshold=0.6, **insecure())
    card = cotejo.evaluate(terms, *labelled(), encrypt=20, target_fmr=0.1)
    figures = card.json()
    assert figures["data"]["subjects"] == 12 and figures["data"]["genuine_pairs"] == 36
    assert figures["terms"]["agreement"] == terms.digest
    assert figures["encrypted"]["measured"]["decided"]["pairs"] > 0
    assert figures["proposal"]["target"] == 0.1
    page = card.html(tmp_path / "accuracy.html")
    assert page.lower().startswith("<!doctype html>") and (tmp_path / "accuracy.html").read_text() == page
    with pytest.raises(cotejo.CotejoError, match="exists already"):
        card.html(tmp_path / "accuracy.html")
    assert "12 subjects" in repr(card)


def test_a_card_is_drawn_where_matplotlib_is():
    pytest.importorskip("matplotlib")
    terms = cotejo.Agreement.face(16, threshold=0.6, **insecure())
    figure = cotejo.evaluate(terms, *labelled(), encrypt="none").plot()
    assert [axes.get_title() for axes in figure.axes] == ["Detection error trade-off", "Scores"]


def test_what_cannot_be_evaluated_says_why(terms):
    with pytest.raises(cotejo.CotejoError, match="no genuine pair"):
        cotejo.evaluate(terms, people(4), ["a", "b", "c", "d"])
    with pytest.raises(TypeError):
        cotejo.evaluate(terms, people(4))


def test_a_plan_says_what_an_exchange_costs(terms):
    plan = cotejo.plan(terms, references=100, probes=2, bootstrap_ms=10)
    assert plan["agreement"] == terms.digest and plan["seconds"] > 0 and plan["query_bytes"] > 0


def test_a_custodian_is_asked_over_a_network(two_parties):
    client = cotejo.Client(two_parties / "a/querier.toml", two_parties / "agreement.toml")
    client.check()
    reply = client.ask(
        np.concatenate([people(2)[1:], people(1, seed=9)]),
        ids=["case 7", "case 8"],
        purpose="identification",
        justification="file 7/2026",
        number="2026-1",
    )
    assert reply.number == "2026-1" and reply.ids == ["case 7", "case 8"] and reply.hits.tolist() == [True, False]
    assert reply.data["reply"]["number"] > 0
    assert client.show("2026-1").hits.tolist() == [True, False]
    client.forget("2026-1")
    with pytest.warns(CotejoWarning, match="forgotten"), pytest.raises(ServiceError, match="forgotten") as forgotten:
        client.show("2026-1")
    assert (forgotten.value.number, forgotten.value.ending) == ("2026-1", "forgotten")
    with pytest.raises(cotejo.CotejoError, match="used before"):
        client.ask(people(1), justification="file 8/2026", number="2026-1")
    with pytest.raises(cotejo.CotejoError, match="purpose"):
        client.ask(people(1), justification="file 8/2026", purpose="revenge")
    with pytest.raises(cotejo.errors.InputError, match="is not the name of a|unexpected argument"):
        client.ask(people(1), bogus=1)
    assert client.resume() == []


def test_a_custodian_that_is_away_can_be_asked_again(two_parties):
    config = two_parties / "a/querier.toml"
    served = config.read_text()
    away = "https://127.0.0.1:1'"
    config.write_text("\n".join(f"url = '{away}" if line.startswith("url") else line for line in served.splitlines()))
    client = cotejo.Client(config, two_parties / "agreement.toml")
    with pytest.warns(CotejoWarning, match="127.0.0.1"), pytest.raises(ServiceError) as unreachable:
        client.ask(people(2)[:1], justification="file 7/2026", number="2026-2", patience=1)
    assert unreachable.value.ending == "waiting" and unreachable.value.number == "2026-2"
    config.write_text(served)
    (reply,) = client.resume("2026-2")
    assert reply.hits.tolist() == [True]
