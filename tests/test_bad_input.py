# ruff: noqa: E501
"""Every kind of bad input and every fault that the book promises to survive, and the tests that show it.

The names are looked up here, so a test that is renamed or goes is missed; all but those of ``proof`` and ``site`` run in
the ordinary tests.
"""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent

# What comes in: file and test, one a line.
SHOWN = {
    "tau: 0, negative, NaN, inf, bool, string, a vector": "samplers test_bad_tau, checks test_positive_refuses",
    "a learnable tau": "samplers test_a_learnable_tau_has_a_finite_gradient",
    "logits: an entry of -inf": "samplers test_a_class_of_probability_zero, densities test_categorical_with_an_impossible_class,"
    " divergences test_categorical_with_an_impossible_class",
    "logits: a row of -inf, +inf, NaN; K = 0; 0-d, integers, a list": "samplers test_bad_logits, checks test_tensor",
    "logits: K = 1, an empty batch": "samplers test_shapes_that_work",
    "half precision, autocast": "samplers test_half_precision_is_the_float32_answer_rounded,"
    " samplers test_autocast_and_samplers_do_not_mutate, densities test_half_precision_does_not_turn_into_nan",
    "non-contiguous, expanded": "samplers test_layout_does_not_matter, structured test_top_k_layouts",
    "noise that is not finite": "samplers test_noise_that_is_not_finite_is_refused",
    "scale: 0, negative, NaN": "samplers test_bad_normal, densities test_bad_input",
    "log_var: +-1e4": "divergences test_any_log_variance_has_a_finite_value_and_a_way_back,"
    " objectives test_an_extreme_log_variance_is_survivable",
    "shapes that would broadcast": "samplers test_noise_never_broadcasts, estimators test_a_column_of_costs_is_refused,"
    " flows test_bad_shapes",
    "targets outside [0, 1], bytes": "terms test_bad_targets_are_refused, checks test_unit_interval",
    "costs: NaN": "estimators test_nan_costs_are_refused",
    "costs: detached, python floats": "estimators test_a_cut_path_is_refused",
    "costs: a discontinuous f on the path": "estimators test_a_flat_cost_warns",
    "counts: 0, negative, fractional, bool": "checks test_count",
    "one importance sample": "importance test_iwae_with_one_draw_is_the_log_weight_bit_for_bit",
    "leave-one-out of one": "baselines test_bad_input",
    "tiny concentrations in float32": "implicit test_tiny_concentrations_in_float32_are_warned_about",
    "a distribution without rsample": "estimators test_a_law_without_a_path_is_refused_with_the_alternatives",
    "a generator of another device": "noise test_bad_generator",
    "an absent device": "noise test_absent_cuda_is_named",
    "a device that draws badly": "devices test_a_device_must_draw_well_before_it_is_picked",
    "data: flipped, cut, empty, HTML, wrong magic": "data test_a_bad_file_is_named_and_never_falls_back,"
    " data test_a_bad_download_is_refused_and_leaves_nothing, proof test_damaged_data_are_refused_or_the_same",
    "offline, 404, slow": "data test_a_fault_that_stays_ends_soon_and_leaves_nothing, proof test_a_network_that_stalls",
    "a cache that cannot be written or entered": "data test_a_cache_that_cannot_be_written,"
    " data test_a_cache_that_cannot_be_entered, proof test_a_cache_that_this_user_may_not_write",
    "two first runs at once": "data test_two_first_reads_at_once, proof test_two_processes_download_first_at_once",
    "kill -9 at any step": "state test_killed_at_any_step_it_ends_with_the_same_bits,"
    " proof test_fifty_kills_at_random_steps_and_the_same_bits",
    "kill during save": "checkpoints test_a_kill_during_a_save_leaves_a_whole_one,"
    " proof test_a_kill_in_any_moment_of_a_save_leaves_a_whole_one",
    "full disk": "checkpoints test_a_full_disk_leaves_the_old_one, train test_a_full_disk_ends_the_run_and_loses_nothing,"
    " proof test_a_disk_that_is_really_full, proof test_a_download_to_a_full_disk_leaves_nothing",
    "a corrupt checkpoint": "checkpoints test_every_flipped_bit_is_noticed, checkpoints test_a_file_cut_short_is_refused,"
    " proof test_a_damaged_checkpoint_never_changes_a_run",
    "a foreign checkpoint": "checkpoints test_foreign_files_are_refused",
    "a malicious checkpoint": "checkpoints test_a_malicious_file_is_refused_and_does_nothing,"
    " proof test_a_malicious_checkpoint_in_a_folder_runs_nothing",
    "two runs in one folder": "train test_two_runs_in_one_folder, proof test_two_trainings_of_one_folder_in_two_processes",
    "a loss that is NaN": "training test_nan_stops_names_the_term_and_leaves_the_weights,"
    " train test_nan_ends_with_status_2_and_names_the_term",
    "Ctrl-C": "train test_signals_end_with_their_status, state test_a_signal_saves_and_stops",
    "a wrong option of a command": "train test_errors_are_one_line, train test_debug_shows_the_traceback",
    "JavaScript off": "site without JavaScript every page reads",
    "network off": "site from a folder every widget is live and survives the keyboard",
    "a slider at its end": "site from a folder every widget is live and survives the keyboard",
}


@pytest.mark.parametrize("kind", SHOWN)
def test_it_is_shown(kind):
    for each in SHOWN[kind].split(", "):
        file, name = each.strip().split(" ", 1)
        if file == "site":
            assert any(f'("{name}' in path.read_text() for path in (TESTS / "site").glob("*.test.mjs")), each
            continue
        path = TESTS / "proof" / "test_faults.py" if file == "proof" else TESTS / f"test_{file}.py"
        assert re.search(rf"^def {name}\(", path.read_text(), re.M), each
