# ruff: noqa: E501
"""Plant one classic mistake at a time in a copy of the package and see the tests find it.

``python tests/mutants.py [name ...]`` prints a table and fails if a mutant survives. Each mutant is
one line: name, module, the text that is there, the text instead, and the test that must object.
"""

import contextlib
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import pytest
import torch  # noqa: F401  (imported here once, for all the forks)

ROOT = Path(__file__).resolve().parent.parent


class Mutant(NamedTuple):
    name: str
    module: str
    old: str
    new: str
    test: str


MUTANTS = [
    Mutant("noise cut at u = 1e-9", "noise", "return draw.log_().neg_().to(dtype)",
           "return draw.neg_().exp_().clamp_(1e-9, 1 - 1e-9).log_().neg_().log_().neg_().to(dtype)", "noise::test_gumbel_beyond_the_classic_clamp"),
    Mutant("noise drawn in half precision", "noise", "wide = torch.promote_types(dtype, torch.float32)", "wide = dtype", "noise::test_same_generator_state_same_draws"),
    Mutant("Gumbel's sign", "noise", "return draw.log_().neg_().to(dtype)", "return draw.log_().to(dtype)", "noise::test_law"),
    Mutant("one noise shared by the batch, at its source", "noise", "return draw.log_().neg_().to(dtype)",
           "return draw.log_().neg_().to(dtype)[:1].expand(shape) if shape else draw.log_().neg_().to(dtype)", "noise::test_law"),
    Mutant("one noise shared by the batch", "samplers", "    return _one_hot_argmax((logits + g).detach()).to(logits.dtype)",
           "    return _one_hot_argmax((logits + g.flatten(0, -2)[:1].view(*[1] * (g.ndim - 1), -1)"
           ".expand_as(g) if g.ndim > 1 else logits + g).detach()).to(logits.dtype)", "samplers::test_the_relaxed_sample_has_the_hard_samples_argmax"),
    Mutant("straight-through sign", "samplers", "z + (y - y.detach())", "z - (y - y.detach())", "samplers::test_straight_through_value_is_hard_and_gradient_is_soft"),
    Mutant("straight-through returns soft", "samplers", "z + (y - y.detach())", "y + (z - z.detach()) * 0", "samplers::test_one_hot"),
    Mutant("tau not applied", "samplers", "gap / tau", "gap", "samplers::test_tau_sharpens_and_never_reorders"),
    Mutant("tau applied twice", "samplers", "gap / tau", "gap / tau / tau", "samplers::test_tau_sharpens_and_never_reorders"),
    Mutant("tau on the logits only", "samplers", "perturbed = (logits + g)", "perturbed = (logits / tau + g) * tau", "samplers::test_the_relaxed_sample_has_the_hard_samples_argmax"),
    Mutant("softmax over the wrong axis", "samplers", "weights / weights.sum(-1, keepdim=True)", "weights / weights.sum(0, keepdim=True)", "samplers::test_the_relaxed_sample_has_the_hard_samples_argmax"),
    Mutant("softmax over the wrong axis (long rows)", "samplers", "F.softmax(x, dim=-1)", "F.softmax(x, dim=0)", "samplers::test_short_and_long_rows_are_both_the_softmax"),
    Mutant("argmax over the wrong axis", "samplers", "scores.argmax(-1, keepdim=True)", "scores.argmax(0, keepdim=True)", "samplers::test_the_relaxed_sample_has_the_hard_samples_argmax"),
    Mutant("probabilities as logits (hard)", "samplers", "_one_hot_argmax((logits + g).detach()).to(logits.dtype)",
           "_one_hot_argmax((logits.softmax(-1) + g).detach()).to(logits.dtype)", "samplers::test_the_relaxed_sample_has_the_hard_samples_argmax"),
    Mutant("probabilities as logits (soft)", "samplers", "perturbed = (logits + g)", "perturbed = (logits.softmax(-1) + g)", "samplers::test_the_relaxed_sample_has_the_hard_samples_argmax"),
    Mutant("the path through the maximum kept wrong", "samplers", "gap = perturbed - perturbed.detach()", "gap = perturbed.detach() - perturbed", "samplers::test_short_and_long_rows_are_both_the_softmax"),
    Mutant("scale is a variance", "samplers", "return loc + scale * eps", "return loc + scale.sqrt() * eps", "samplers::test_normal_path"),
    Mutant("(eps + mu) sigma", "samplers", "return loc + scale * eps", "return (loc + eps) * scale", "samplers::test_normal_path"),
    Mutant("implicit gradient's sign", "implicit", "[-slope / p_z for slope in slopes]", "[slope / p_z for slope in slopes]", "implicit::test_attach_gives_a_normal_draw_the_gradient_of_the_trick"),
    Mutant("implicit gradient without 1 / p", "implicit", "[-slope / p_z for slope in slopes]", "[-slope for slope in slopes]", "implicit::test_attach_gives_a_normal_draw_the_gradient_of_the_trick"),
    Mutant("implicit gradient of the wrong tail", "implicit", "[side * slope for slope in slopes]", "[-side * slope for slope in slopes]", "implicit::test_gamma_in_forty_digits"),
    Mutant("implicit gradient of the unnormalised law", "implicit", "a * x - x.exp() - a.lgamma()", "a * x - x.exp()", "implicit::test_gamma_in_forty_digits"),
    Mutant("rate multiplies the Gamma sample", "implicit", "z.to(concentration.dtype) / rate", "z.to(concentration.dtype) * rate", "implicit::test_gamma_gradients_average_to_the_exact_derivative"),
    Mutant("Student-t without sqrt(df)", "implicit", "(df.double().sqrt() * (x / 2).sinh())", "(x / 2).sinh()", "implicit::test_student_t_in_forty_digits"),
    Mutant("Dirichlet as a softmax of Gammas", "implicit", "x.softmax(-1)", "x.exp().softmax(-1)", "implicit::test_dirichlet_is_normalised_gammas"),
    Mutant("tiny concentrations pass unwarned", "implicit", "(p.detach() < 1e-2).any()", "(p.detach() < 1e-12).any()", "implicit::test_tiny_concentrations_in_float32_are_warned_about"),
    Mutant("log(1 - u) for log1p(-u)", "inverse_cdf", "return -torch.log1p(-u) / rate", "return -torch.log(1 - u) / rate", "inverse_cdf::test_inverse_cdfs_are_exact_in_their_tails"),
    Mutant("rate is a mean", "inverse_cdf", "return -torch.log1p(-u) / rate", "return -torch.log1p(-u) * rate", "inverse_cdf::test_inverse_cdfs_have_their_densities"),
    Mutant("Gumbel cdf upside down", "inverse_cdf", "return loc - scale * (-u.log()).log()", "return loc + scale * (-u.log()).log()", "inverse_cdf::test_inverse_cdfs_are_exact_in_their_tails"),
    Mutant("logistic with one tail", "inverse_cdf", "(u.log() - torch.log1p(-u))", "(2 * u.log())", "inverse_cdf::test_inverse_cdfs_are_exact_in_their_tails"),
    Mutant("noise may touch 1", "checks", "if not (low > 0 and high < 1):", "if not (low > 0 and high <= 1):", "checks::test_open_interval"),
    Mutant("score function of probabilities", "densities", "logits.log_softmax(-1)", "logits.softmax(-1).log_softmax(-1)", "densities::test_categorical_matches_torch_and_sums_to_one"),
    Mutant("log sigma forgotten", "densities", "** 2 - scale.log()", "** 2", "densities::test_normal_matches_torch"),
    Mutant("Concrete density without Gamma(K)", "densities", "math.lgamma(classes) + (classes", "(classes", "densities::test_concrete_integrates_to_one_and_has_the_samplers_mean"),
    Mutant("Concrete density: K powers of tau", "densities", "(classes - 1) * log_tau", "classes * log_tau", "densities::test_concrete_integrates_to_one_and_has_the_samplers_mean"),
    Mutant("Concrete density: tau for tau + 1", "densities", "(shares - log_y).sum(-1)", "shares.sum(-1)", "densities::test_concrete_integrates_to_one_and_has_the_samplers_mean"),
    Mutant("Concrete density: K - 1 for K", "densities", "(shares - log_y).sum(-1)",
           "(shares - log_y).sum(-1) + (logits - tau * log_y).logsumexp(-1)", "densities::test_concrete_integrates_to_one_and_has_the_samplers_mean"),
    Mutant("KL's sign", "divergences", "return 0.5 * (_wide(mean) ** 2 + (torch.expm1(v) - v))",
           "return -0.5 * (_wide(mean) ** 2 + (torch.expm1(v) - v))", "divergences::test_normal_matches_torch"),
    Mutant("KL by exp(v) - 1 - v", "divergences", "return 0.5 * (_wide(mean) ** 2 + (torch.expm1(v) - v))",
           "return 0.5 * (_wide(mean) ** 2 + (torch.exp(v) - 1 - v))", "divergences::test_float32_is_never_negative"),
    Mutant("KL of std, not variance", "divergences", "v = tame_log_var(_wide(log_var))\n", "v = tame_log_var(_wide(2 * log_var))\n", "divergences::test_normal_matches_torch"),
    Mutant("categorical KL without log K", "divergences", "return kl_categorical(logits, torch.zeros_like(logits))",
           "return kl_categorical(logits, torch.zeros_like(logits)) - math.log(logits.shape[-1])", "divergences::test_float32_is_never_negative"),
    Mutant("categorical KL reversed", "divergences", "kl_categorical(logits, torch.zeros_like(logits))",
           "kl_categorical(torch.zeros_like(logits), logits)", "divergences::test_categorical_matches_torch"),
    Mutant("log-variance clamped hard", "divergences", "torch.where(log_var > LOG_VAR_KNEE, LOG_VAR_KNEE + 2 * torch.log1p(excess / 2), log_var)",
           "log_var.clamp(-40, 40) + 0 * excess", "divergences::test_any_log_variance_has_a_finite_value_and_a_way_back"),
    Mutant("oracle ignores its breaks", "oracles", "for b in breaks if low < b < high", "for b in [] if low < b < high", "oracles::test_a_step_needs_its_break"),
    Mutant("oracle differentiates the wrong density", "oracles", "(e**2 - 1) / scale", "e**2 / scale", "oracles::test_normal_integrals_and_their_error"),
    Mutant("outcomes of one latent repeated", "oracles", "torch.cartesian_prod(*axes)", "torch.stack([torch.arange(categories**latents) % categories] * latents, -1)", "oracles::test_outcomes_enumerate_everything"),
    Mutant("advantage not detached", "estimators", "return cost + (cost.detach() - b) * (log_p - log_p.detach())",
           "return cost + (cost - b) * log_p", "estimators::test_surrogates_have_the_cost_as_their_value"),
    Mutant("advantage's sign", "estimators", "(cost.detach() - b) * (log_p - log_p.detach())", "(b - cost.detach()) * (log_p - log_p.detach())", "estimators::test_normal_estimators_are_unbiased"),
    Mutant("baseline added", "estimators", "(cost.detach() - b)", "(cost.detach() + b)", "estimators::test_a_baseline_changes_the_variance_and_not_the_mean"),
    Mutant("baseline outside the score", "estimators", "(cost.detach() - b) * (log_p - log_p.detach())", "cost.detach() * (log_p - log_p.detach()) - b", "estimators::test_a_baseline_changes_the_variance_and_not_the_mean"),
    Mutant("score function through the path", "estimators", "z = sample(params, noise).detach()", "z = sample(params, noise)", "estimators::test_normal_estimators_are_unbiased"),
    Mutant("per-draw gradients averaged", "estimators", "values.sum(), copies", "values.mean(), copies", "estimators::test_normal_estimators_are_unbiased"),
    Mutant("relaxed forgets tau", "estimators", "partial(samplers.gumbel_softmax, tau=tau)", "partial(samplers.gumbel_softmax, tau=1.0)", "estimators::test_relaxed_is_the_exact_gradient_of_the_relaxed_problem"),
    Mutant("straight-through estimator is soft", "estimators", "partial(samplers.straight_through, tau=tau)", "partial(samplers.gumbel_softmax, tau=tau)", "estimators::test_relaxed_bias_vanishes_as_tau_goes_to_zero_and_straight_through_bias_need_not"),
    Mutant("flat costs pass silently", "estimators", "if not grad_z.any():", "if False:", "estimators::test_a_flat_cost_warns"),
    Mutant("a law without rsample passes silently", "checks", "if owner.has_rsample is False:", "if False:", "estimators::test_a_law_without_a_path_is_refused_with_the_alternatives"),
    Mutant("a sample cut off from its parameters passes silently", "checks", "wanted and torch.is_grad_enabled() and not z.requires_grad", "False", "estimators::test_a_law_without_a_path_is_refused_with_the_alternatives"),
    Mutant("antithetic pair of equals", "estimators", "surrogate(params, -noise)", "surrogate(params, noise)", "estimators::test_antithetic_pairs_keep_the_mean_and_help_where_the_estimate_is_odd"),
    Mutant("leave-one-out that includes its own draw", "baselines", "(cost.sum(0) - cost) / (len(cost) - 1)",
           "cost.mean(0).expand_as(cost)", "baselines::test_leave_one_out_is_unbiased"),
    Mutant("leave-one-out divided by S", "baselines", "/ (len(cost) - 1)", "/ len(cost)", "baselines::test_leave_one_out_is_the_sample_covariance_and_has_its_variance"),
    Mutant("coefficient's sign", "baselines", "-(g * h).sum(0) / variance", "(g * h).sum(0) / variance", "baselines::test_the_coefficient_of_the_score_in_the_elbo"),
    Mutant("coefficient of uncentred controls", "baselines", "    h = h - h.mean(0)\n", "    h = h + 0.5\n", "baselines::test_the_coefficient_of_the_score_in_the_elbo"),
    Mutant("bound by quadrature without -log K", "quadrature", "log_w_k = log_w(eps) - math.log(k)", "log_w_k = log_w(eps)", "quadrature::test_log_mean_of_one_weight_is_its_mean_log"),
    Mutant("shares to the first power", "quadrature", "_laplace(log_w, weights, log_s, power, columns)", "_laplace(log_w, weights, log_s, 1, columns)", "quadrature::test_shares_are_the_integral_over_all_draws"),
    Mutant("shares of K others", "quadrature", "once * others ** (k - 1)", "once * others**k", "quadrature::test_shares_are_the_integral_over_all_draws"),
    Mutant("shares without pairs", "quadrature", "k * (k - 1) * (once**2", "0 * (once**2", "quadrature::test_shares_are_the_integral_over_all_draws"),
    Mutant("optimal baseline weighs by |s|", "baselines", ".square().sum(-1)", ".abs().sum(-1)", "baselines::test_optimal_from_draws_is_the_weighted_mean"),
    Mutant("redrawn z~ detached", "control_variates", "_control(critic, h_given, draws)", "_control(critic, h_given.detach().requires_grad_(True), draws)", "control_variates::test_rebar_is_unbiased_at_every_tau_and_eta"),
    Mutant("redrawn without the condition", "control_variates", "samplers.gumbel_given(logits, z, rest[..., 0, :])", "logits + rest[..., 0, :]", "control_variates::test_many_latents_are_where_rebar_pays"),
    Mutant("redrawn given another draw's winner", "control_variates", "samplers.gumbel_given(logits, z, rest[..., 0, :])",
           "samplers.gumbel_given(logits, samplers.gumbel_max(logits, rest[..., 0, :]), rest[..., 0, :])", "control_variates::test_rebar_is_unbiased_at_every_tau_and_eta"),
    Mutant("b is not H(z)", "control_variates", "_control(critic, logits + g, draws)", "_control(critic, logits + g.flip(-1), draws)", "control_variates::test_one_estimate_is_the_formula"),
    Mutant("control variate's sign", "control_variates", "return cost + added - removed", "return cost - added + removed", "control_variates::test_rebar_is_unbiased_at_every_tau_and_eta"),
    Mutant("control variate's weight has the wrong sign", "control_variates", "cost.detach().to(log_p.dtype) - control", "cost.detach().to(log_p.dtype) + control", "control_variates::test_rebar_is_unbiased_at_every_tau_and_eta"),
    Mutant("the correction is not added back", "control_variates", "return cost + added - removed", "return cost + removed - removed", "control_variates::test_rebar_is_unbiased_at_every_tau_and_eta"),
    Mutant("the redrawn correction is missing", "control_variates", "return cost + added - removed", "return cost + added - removed.detach()", "control_variates::test_rebar_is_unbiased_at_every_tau_and_eta"),
    Mutant("tau of the two relaxations differs", "control_variates", "critic, h_given.detach(), draws", "critic, 0.9 * h_given.detach(), draws", "control_variates::test_rebar_is_unbiased_at_every_tau_and_eta"),
    Mutant("eta on one term only", "control_variates", "return cost + added - removed + weight", "return cost + (added - removed) / 2 + weight", "control_variates::test_rebar_is_unbiased_at_every_tau_and_eta"),
    Mutant("scores of the latents averaged", "control_variates", "math.prod(latents)).sum(-1)", "math.prod(latents)).mean(-1)", "control_variates::test_unbiased_for_two_latents_with_one_cost"),
    Mutant("the critic's weight is not learned", "control_variates", ".to(log_p.dtype) - control", ".to(log_p.dtype) - control.detach()", "control_variates::test_mean_square_descends_the_variance"),
    Mutant("jumps in the critic pass silently", "control_variates", "h.register_hook(partial(_warn_if_flat", "(partial(_warn_if_flat", "control_variates::test_a_critic_with_jumps_is_refused_or_warned_of"),
    Mutant("inner noise differentiated", "control_variates", "with torch.no_grad():", "with torch.enable_grad():", "control_variates::test_gumbel_rao_has_the_bias_of_straight_through_and_less_variance"),
    Mutant("inner noise without the condition", "control_variates", "samplers.gumbel_given(each, z.unsqueeze(-2).expand(v.shape), v) - each", "v", "control_variates::test_gumbel_rao_has_the_bias_of_straight_through_and_less_variance"),
    Mutant("inner samples summed", "control_variates", "tau=tau).mean(-2)", "tau=tau).sum(-2)", "control_variates::test_gumbel_rao_has_the_bias_of_straight_through_and_less_variance"),
    Mutant("cut at the wrong place", "samplers", "-torch.logaddexp(-(logits + v), -top)", "-torch.logaddexp(-(logits + v), -(v * won).sum(-1, keepdim=True))", "samplers::test_redrawn_logits_have_the_law_of_the_drawn_ones_by_quadrature"),
    Mutant("winner's Gumbel at its own logit", "samplers", "top = logits.logsumexp(-1, keepdim=True) + (v * won)", "top = (torch.where(won, logits, 0)).sum(-1, keepdim=True) + (v * won)", "samplers::test_redrawn_logits_have_the_law_of_the_drawn_ones_by_quadrature"),
    Mutant("losers not cut", "samplers", "rest = -torch.logaddexp(-(logits + v), -top)", "rest = torch.minimum(logits + v, top)", "samplers::test_redrawn_logits_have_the_law_of_the_drawn_ones_by_quadrature"),
    Mutant("losers may tie", "samplers", "rest = rest - (rest - below).detach().clamp_min(0)", "rest = rest + 0", "samplers::test_redrawn_logits_have_the_given_winner"),
    Mutant("weak derivative without its constant", "measure_valued", "(width * math.sqrt(2 * math.pi))", "width", "measure_valued::test_unbiased_when_coupled"),
    Mutant("negative part on the positive side", "measure_valued", "(w_plus, -w_minus, m, eps)", "(w_plus, w_minus, m, eps)", "measure_valued::test_unbiased_when_coupled"),
    Mutant("Maxwell with one sign", "measure_valued", "torch.copysign(torch.hypot(eps, w), eps)", "torch.hypot(eps, w)", "measure_valued::test_unbiased_when_coupled"),
    Mutant("Maxwell of two dimensions", "noise", "eps**2 + 2 * rest", "2 * rest", "noise::test_law"),
    Mutant("std = exp(log_var)", "objectives", "torch.exp(0.5 * divergences", "torch.exp(divergences", "objectives::test_elbo_is_below_the_evidence_by_exactly_the_kl_to_the_posterior"),
    Mutant("ELBO averaged over pixels", "terms", "-each.sum(-1, dtype", "-each.mean(-1, dtype", "terms::test_log_bernoulli_is_a_sum_over_pixels"),
    Mutant("KL averaged over latents", "objectives", "kl_normal_standard(mean, log_var).sum(-1)", "kl_normal_standard(mean, log_var).mean(-1)", "objectives::test_terms_add_up_and_are_per_example"),
    Mutant("KL added to the bound", "objectives", "Elbo(reconstruction - kl,", "Elbo(reconstruction + kl,", "objectives::test_elbo_is_below_the_evidence_by_exactly_the_kl_to_the_posterior"),
    Mutant("reconstruction's sign", "terms", "log_p = -each.sum", "log_p = each.sum", "terms::test_log_bernoulli_is_a_sum_over_pixels"),
    Mutant("ELBO from sigmoid probabilities", "terms", "with_logits(logits, x", "with_logits(logits.sigmoid(), x", "terms::test_log_bernoulli_is_a_sum_over_pixels"),
    Mutant("logsumexp without -log K", "importance", "torch.logsumexp(kept, 0) - math.log(len(log_w))", "torch.logsumexp(kept, 0)", "importance::test_iwae_weighs_each_draw_by_its_share"),
    Mutant("IWAE weights left attached", "importance", "return torch.logsumexp(kept, 0) - math.log(len(log_w))",
           "mean = (kept.softmax(0) * kept).sum(0)\n    return (torch.logsumexp(kept, 0) - mean).detach() + mean - math.log(len(log_w))", "importance::test_iwae_weighs_each_draw_by_its_share"),
    Mutant("important weights clamped", "importance", "NEGLIGIBLE = 30.0", "NEGLIGIBLE = 3.0", "importance::test_iwae_weighs_each_draw_by_its_share"),
    Mutant("negligible weights not clamped", "importance", "kept = torch.maximum(log_w, log_w.detach().amax(0) - NEGLIGIBLE)", "kept = log_w", "importance::test_no_denormal_number_is_left"),
    Mutant("log q at std = exp(log_var)", "importance", "log_scale = 0.5 * divergences", "log_scale = divergences", "importance::test_log_weights_are_the_three_densities"),
    Mutant("log weights without log q", "importance", "each = -0.5 * z**2 - path.log_q(mean, log_scale, z, eps, gradient=gradient)", "each = -0.5 * z**2", "importance::test_log_weights_are_the_three_densities"),
    Mutant("score term kept", "path", "mean.detach(), log_scale.detach()", "mean, log_scale", "path::test_the_path_is_the_total_and_the_score"),
    Mutant("score term kept in the scale", "path", "mean.detach(), log_scale.detach()", "mean.detach(), log_scale", "path::test_the_path_is_the_total_and_the_score"),
    Mutant("path cut with the score", "path", "t = eps + (z - again)", "t = eps + 0 * (z - again)", "path::test_the_path_is_the_total_and_the_score"),
    Mutant("total derivative without its score", "path", 'if gradient == "total":', 'if gradient == "none":', "path::test_the_path_is_the_total_and_the_score"),
    Mutant("DReG weight not squared", "path", "z.register_hook(lambda grad: share * grad)", "pass", "path::test_two_draws"),
    Mutant("DReG weight cubed", "path", "share * grad)", "share**2 * grad)", "path::test_two_draws"),
    Mutant("DReG weighs the decoder too", "importance", "path.weigh_paths(reconstruction + log_ratio, *codes)",
           "path.weigh_paths(reconstruction + log_ratio, *codes, logits)", "importance::test_the_score_leaves_the_encoder_and_nothing_else"),
    Mutant("sampled KL's sign", "importance", "reconstruction.mean(0), -log_ratio.mean(0)", "reconstruction.mean(0), log_ratio.mean(0)", "importance::test_sampled_elbo_is_the_mean_log_weight"),
    Mutant("shortcut passed off as the path", "hierarchy", 'if gradient in ("total", "shortcut"):', "if True:", "hierarchy::test_at_the_exact_posterior_only_the_path_sticks"),
    Mutant("path passed off as the shortcut", "hierarchy", 'if gradient in ("total", "shortcut"):', 'if gradient == "total":', "hierarchy::test_at_the_exact_posterior_only_the_path_sticks"),
    Mutant("upper score kept", "hierarchy", "name: parameter.detach()", "name: parameter", "hierarchy::test_at_the_exact_posterior_only_the_path_sticks"),
    Mutant("DReG weighs the lower path twice", "hierarchy", "    h1 = h1.view_as(h1)", "    h1.view_as(h1)", "hierarchy::test_dreg_is_the_square_of_the_share_in_both_layers"),
    Mutant("upper prior forgotten", "hierarchy", "(-0.5 * h2**2 - log_q2)", "(-log_q2)", "hierarchy::test_the_value_is_the_five_densities"),
    Mutant("posterior without the prior's correlation", "linear_gaussian", "prior - torch.outer(gain, with_x)", "prior - torch.diag(gain * with_x)", "linear_gaussian::test_bayes_rule_holds_everywhere"),
    Mutant("slip of algorithm 3", "mixtures", "return torch.logsumexp(logits.log_softmax(-1).unsqueeze(-2) + each, -1)",
           "return torch.logsumexp(logits.log_softmax(-1) + each.diagonal(dim1=-2, dim2=-1), -1, keepdim=True)", "mixtures::test_the_density_is_that_of_torch"),
    Mutant("mixture's score kept", "mixtures", "seen = tuple(parameter.detach() for parameter in seen)", "pass", "mixtures::test_at_the_exact_posterior_the_path_sticks"),
    Mutant("mixture's weights do not learn", "mixtures", "shares = logits.softmax(-1)", "shares = logits.detach().softmax(-1)", "mixtures::test_the_mean_is_the_gradient_of_the_bound"),
    Mutant("flow's score kept", "flows", "log_joint(x) - log_density(params.detach(), x)", "log_joint(x) - log_density(params, x)", "flows::test_three_ways_to_one_gradient"),
    Mutant("flow's determinant added", "flows", "log_q - s\n    return x, log_q", "log_q + s\n    return x, log_q", "flows::test_the_density_is_that_of_the_jacobian"),
    Mutant("recursion without the determinant's slope", "flows", "torch.autograd.grad((s + delta_b * y_b).sum(), a)",
           "torch.autograd.grad((delta_b * y_b).sum(), a)", "flows::test_three_ways_to_one_gradient"),
    Mutant("recursion by J instead of its inverse", "flows", "(-s).exp().detach()", "s.exp().detach()", "flows::test_three_ways_to_one_gradient"),
    Mutant("free bits on the sum of latents", "objectives", "each.detach().mean(-2, keepdim=True) > free_bits",
           "each.detach().sum(-1, keepdim=True).mean(-2, keepdim=True) > free_bits", "objectives::test_free_bits_are_free"),
    Mutant("beta on the reported bound", "objectives", "charged.sum(-1), reconstruction - kl, ", "charged.sum(-1), reconstruction - beta * kl, ", "objectives::test_beta_one_without_free_bits_is_the_elbo"),
    Mutant("KL on relaxed samples", "discrete", "return _with_exact_kl(log_bernoulli(x, model.decode(codes(logits, g, tau=tau))), logits)",
           "return _with_exact_kl(log_bernoulli(x, model.decode(codes(logits, g, tau=tau))), codes(logits, g, tau=tau).log())", "discrete::test_the_relaxed_elbo_is_no_bound"),
    Mutant("soft codes at evaluation", "discrete", "model.decode(samplers.gumbel_max(logits, g))", "model.decode(samplers.gumbel_softmax(logits, g, tau=1.0))", "discrete::test_the_relaxed_elbo_is_no_bound"),
    Mutant("baseline that looks at its own draw", "discrete", "baseline=baselines.leave_one_out,", "baseline=lambda cost: cost.mean(0, keepdim=True).expand_as(cost),", "discrete::test_the_score_gradient_is_unbiased_by_enumeration"),
    Mutant("REBAR redraws the choice's own noise", "discrete", "surrogate(logits, g.movedim(0, -2))", "surrogate(logits, g[:1].expand_as(g).movedim(0, -2))", "discrete::test_rebar_is_unbiased"),
    Mutant("score of one choice of several", "discrete", "densities.categorical(params, z).sum(-1)", "densities.categorical(params, z)[..., 0]", "discrete::test_the_score_gradient_is_unbiased_by_enumeration"),
    Mutant("categorical KL averaged over latents", "discrete", "kl_categorical_uniform(logits).sum(-1)", "kl_categorical_uniform(logits).mean(-1)", "discrete::test_the_discrete_elbo_is_below_the_evidence_by_the_kl_to_the_posterior"),
    Mutant("NLL without -log K", "likelihood", "math.log(k) - total.cpu()", "-total.cpu()", "likelihood::test_two_stochastic_layers_are_weighed_as_in_training"),
    Mutant("NLL as a mean of logs", "likelihood", "log_w.double().logsumexp(-1))", "log_w.double().mean(-1) + math.log(shape[1]))", "likelihood::test_two_stochastic_layers_are_weighed_as_in_training"),
    Mutant("NLL with soft codes", "likelihood", "z = samplers.gumbel_max(logits[:, None].expand_as(g), g)",
           "z = samplers.gumbel_softmax(logits[:, None].expand_as(g), g, tau=1.0)", "likelihood::test_with_the_posterior_as_encoder_every_draw_gives_the_exact_value"),
    Mutant("NLL without the prior's log K", "likelihood", " - latents * math.log(categories)", "", "likelihood::test_with_the_posterior_as_encoder_every_draw_gives_the_exact_value"),
    Mutant("NLL without the scale", "likelihood", "(0.5 * (eps**2 - z**2) + log_scale).sum(-1)", "(0.5 * (eps**2 - z**2)).sum(-1)", "likelihood::test_float32_is_within_a_ten_thousandth_of_float64"),
    Mutant("NLL: one chunk counts", "likelihood", "total = torch.logaddexp(total, log_w", "total = (log_w", "likelihood::test_with_the_posterior_as_encoder_every_draw_gives_the_exact_value"),
    Mutant("stack: one shuffle for all", "stacked", "run.orders(len(x), len(models)).split", "run.orders(len(x)).expand(len(models), -1).split", "stacked::test_fit_is_its_steps"),
    Mutant("stack: pixels not drawn anew", "stacked", "batch, draw = data.binarize(pixels, u)", "batch, draw = pixels", "stacked::test_fit_is_its_steps"),
    Mutant("stack: learning rate not scheduled", "stacked", 'options.pop("lr", lr)', '(options.pop("lr", lr), lr)[1]', "stacked::test_the_learning_rate_may_be_scheduled"),
    Mutant("stack: schedules stand still", "stacked", "options = at(plan, history.steps / steps)", "options = at(plan, len(history.train) / epochs)", "stacked::test_fit_is_its_steps"),
    Mutant("stack: mean over models", "stacked", "-terms[0].mean(-1).sum()", "-terms[0].mean()", "stacked::test_a_stack_trains_as_its_models_do_alone"),
    Mutant("stack: one model's weights for all", "stacked", "[layer.weight.detach().T for layer in layers]", "[layers[0].weight.detach().T for layer in layers]", "stacked::test_a_stack_trains_as_its_models_do_alone"),
    Mutant("stack: draws and models mixed up", "stacked", "flat.unflatten(1, rows.shape[1:3]).transpose(0, 1)",
           "flat.reshape(rows.shape[1], len(flat), rows.shape[2], -1)", "stacked::test_a_stack_trains_as_its_models_do_alone"),
    Mutant("decoder not mirrored", "models", "widths[::-1], pixels)", "widths, pixels)", "models::test_several_layers_are_mirrored"),
    Mutant("mean and log_var swapped", "models", "mean, log_var = self.encoder(x)", "log_var, mean = self.encoder(x)", "models::test_shapes_and_no_randomness"),
    Mutant("weights from the global stream", "models", "bound, bound, generator=generator)\n    nn.init.uniform_(layer.bias",
           "bound, bound)\n    nn.init.uniform_(layer.bias", "models::test_weights_come_from_the_generator_alone"),
    Mutant("the loss climbs", "training", "loss = -terms[0].mean()", "loss = terms[0].mean()", "training::test_one_step_is_adam_on_minus_the_mean_elbo"),
    Mutant("gradients pile up", "training", "    optimizer.zero_grad()\n", "", "training::test_gradients_do_not_pile_up"),
    Mutant("evaluation draws from the training stream", "training", "generator = Generator(device).manual_seed(seed)\n    batches",
           "generator = None\n    batches", "training::test_same_seed_same_run_bit_for_bit"),
    Mutant("pixels not drawn anew", "training", "binary = data.binarize(x, noises.uniform(x.shape, generator=generator, dtype=x.dtype))", "binary = x", "training::test_every_epoch_shuffles_and_draws_its_pixels_anew"),
    Mutant("no shuffle", "state", "torch.randperm(size, generator=self.generator, device=device)", "torch.arange(size)", "training::test_every_epoch_shuffles_and_draws_its_pixels_anew"),
    Mutant("codes reuse one noise", "training", "getattr(noises, model.noise)(shape, generator=generator, dtype=x.dtype)",
           "getattr(noises, model.noise)((1, *shape[1:]), generator=generator, dtype=x.dtype).expand(shape)", "training::test_every_code_has_its_own_noise"),
    Mutant("NaN trains on", "training", "if not torch.isfinite(loss):", "if False:", "training::test_an_objective_of_ones_own_stops_at_nan_too"),
    Mutant("options scheduled once an epoch", "training", "at(plan, history.steps / (epochs * steps))", "at(plan, len(history.train) / epochs)", "training::test_schedules_reach_the_objective_step_by_step"),
    Mutant("exponential is linear", "schedules", "start * (end / start) ** progress", "start + (end - start) * progress", "schedules::test_ends_and_middles"),
    Mutant("a part starts in the middle", "schedules", "second((progress - at) / (1 - at))", "second(progress)", "schedules::test_then_joins_without_a_gap"),
    Mutant("Burda's rates not rounded", "schedules", "round(10 ** (1 - i / 7), 1)", "10 ** (1 - i / 7)", "schedules::test_burda_is_the_published_schedule"),
    Mutant("random stream not restored", "state", 'self.generator.set_state(saved["generator"])', "pass", "state::test_killed_at_any_step_it_ends_with_the_same_bits"),
    Mutant("optimizer not restored", "state", 'self.optimizer.load_state_dict(saved["optimizer"])', "pass", "state::test_killed_at_any_step_it_ends_with_the_same_bits"),
    Mutant("a resumed epoch is shuffled anew", "state", "if self.step == 0:\n            self.shuffled = here", "if True:\n            self.shuffled = here", "state::test_killed_at_any_step_it_ends_with_the_same_bits"),
    Mutant("a resumed epoch forgets its sums", "state", "self.total = None if total is None else", "self.total = None if True else", "state::test_killed_at_any_step_it_ends_with_the_same_bits"),
    Mutant("resumed with other settings", "state", "if was != now:", "if False:", "state::test_a_resumed_run_must_be_the_same_run"),
    Mutant("broken weights saved", "state", 'checks.finite("fit", **dict(self.model.named_parameters()))', "pass", "state::test_weights_that_are_not_finite_are_not_saved"),
    Mutant("a signal is not waited for", "state", "if self.group.stopping or (every", "if (every", "state::test_a_signal_saves_and_stops"),
    Mutant("hash not checked", "checkpoints", "hashlib.sha256(payload).hexdigest()) != sha256", 'hashlib.sha256(payload).hexdigest()) == ""', "checkpoints::test_every_flipped_bit_is_noticed"),
    Mutant("lock not taken", "checkpoints", "fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)", "pass", "checkpoints::test_the_second_run_in_a_folder_is_refused"),
    Mutant("one temporary name for all", "checkpoints", "{uuid.uuid4().hex}.tmp", "0.tmp", "checkpoints::test_two_writers_never_mix"),
    Mutant("checkpoints may run programs", "checkpoints", "weights_only=True", "weights_only=False", "checkpoints::test_a_malicious_file_is_refused_and_does_nothing"),
    Mutant("a damaged checkpoint replaces a whole one", "checkpoints", "keep=self._whole)", "keep=True)", "checkpoints::test_a_damaged_one_gives_way_to_the_one_before"),
    Mutant("the old checkpoint goes first", "checkpoints", "            os.replace(path, keep)\n", "            os.remove(path)\n", "checkpoints::test_the_one_before_stays"),
    Mutant("gradients not summed", "distributed", "p.grad.copy_(total.view_as(p))", "pass", "distributed::test_two_processes_make_the_run_of_one"),
    Mutant("unequal shares weighed equally", "distributed", "flat * self.weight", "flat / self.size", "distributed::test_two_processes_make_the_run_of_one"),
    Mutant("checksum not compared", "archive", "if digest != sha256:", "if False:", "data::test_a_bad_file_is_named_and_never_falls_back"),
    Mutant("paper for ink", "data", "torch.from_numpy(~part)", "torch.from_numpy(part)", "data::test_omniglot_is_resized_shuffled_and_split"),
    Mutant("resized by picking pixels", "data", "share @ drawings @ share.T", "drawings[:, 1::4, 1::4][:, torch.arange(28).clamp_max(25)][:, :, torch.arange(28).clamp_max(25)]", "data::test_omniglot_is_resized_shuffled_and_split"),
    Mutant("damaged file falls back", "data", "except archive.AbsentError as error:", "except DataError as error:", "data::test_a_bad_file_is_named_and_never_falls_back"),
    Mutant("download under its final name", "archive", "path = _fetch(url, Path(scratch))", "path = _fetch(url, folder)", "data::test_a_bad_download_is_refused_and_leaves_nothing"),
    Mutant("top-k of probabilities", "structured", "return (logits + g).detach()", "return (logits.softmax(-1) + g).detach()", "structured::test_the_first_of_k_is_the_gumbel_max_winner"),
    Mutant("top-k worst first", "structured", "dim=-1, descending=True", "dim=-1, descending=False", "structured::test_the_first_of_k_is_the_gumbel_max_winner"),
    Mutant("top-k sorted by index", "structured", "stable=True).indices[..., :k]", "stable=True).indices[..., :k].sort(-1).values", "structured::test_the_first_of_k_is_the_gumbel_max_winner"),
    Mutant("top-k with replacement", "structured", "stable=True).indices[..., :k]", "stable=True).indices[..., :1].expand(*logits.shape[:-1], k)", "structured::test_fewer_is_the_head_of_the_same_list"),
    Mutant("one noise shared by the orders", "structured", "return (logits + g).detach()",
           "return (logits + g.reshape(-1, g.shape[-1])[:1].expand(g.numel() // g.shape[-1], -1).reshape(g.shape)).detach()", "structured::test_the_first_of_k_is_the_gumbel_max_winner"),
    Mutant("one noise for all gates", "structured", "t = (u.to(wide).log() - torch.log1p(-u.to(wide))",
           "u = u.flatten()[:1].expand(u.numel()).reshape(u.shape)\n    t = (u.to(wide).log() - torch.log1p(-u.to(wide))", "structured::test_gates_are_exact_everywhere"),
    Mutant("one noise for the gates of a row", "structured", "t = (u.to(wide).log() - torch.log1p(-u.to(wide))",
           "u = u[..., :1].expand(u.shape)\n    t = (u.to(wide).log() - torch.log1p(-u.to(wide))", "structured::test_gates_are_exact_everywhere"),
    Mutant("gate's limits swapped", "structured", "math.log(-gamma) - math.log(zeta), math.log1p(-gamma) - math.log(zeta - 1)",
           "math.log(zeta - 1) - math.log1p(-gamma), math.log(zeta) - math.log(-gamma)", "structured::test_gates_are_exact_everywhere"),
    Mutant("gate without its temperature", "structured", "+ log_alpha.to(wide)) / beta", "+ log_alpha.to(wide))", "structured::test_gates_are_exact_everywhere"),
    Mutant("gate's temperature on the noise alone", "structured", "torch.log1p(-u.to(wide)) + log_alpha.to(wide)) / beta",
           "torch.log1p(-u.to(wide))) / beta + log_alpha.to(wide)", "structured::test_gates_are_exact_everywhere"),
    Mutant("gate not cut at 1", "structured", "return torch.where(t >= high, torch.ones_like(z), z)", "return torch.where(t >= high, 1 - 1e-9 * torch.ones_like(z), z)", "structured::test_gates_are_exact_everywhere"),
    Mutant("gate by the textbook difference", "structured", "z = (-gamma * torch.expm1(inside - low) * torch.sigmoid(-inside)).clamp_max(1.0)",
           "z = (gamma + (zeta - gamma) * torch.sigmoid(inside)).clamp(0.0, 1.0)", "structured::test_a_gate_is_cut_exactly_at_its_probabilities"),
    Mutant("gate probabilities without beta", "structured", "above, one = log_alpha - beta * low, log_alpha - beta * high", "above, one = log_alpha - low, log_alpha - high", "structured::test_a_gate_is_cut_exactly_at_its_probabilities"),
    Mutant("open gates by subtraction", "structured", "torch.sigmoid(above) * torch.sigmoid(-one) * between", "torch.sigmoid(above) - torch.sigmoid(one) + 0 * between", "structured::test_gate_probabilities_keep_their_digits_in_both_tails"),
    Mutant("Sinkhorn of rows alone", "structured", "        log_y = log_y.log_softmax(-2)\n", "", "structured::test_rows_and_columns_sum_to_one_within_the_stated_error"),
    Mutant("Sinkhorn columns first", "structured", "        log_y = log_y.log_softmax(-1)\n        log_y = log_y.log_softmax(-2)\n",
           "        log_y = log_y.log_softmax(-2)\n        log_y = log_y.log_softmax(-1)\n", "structured::test_rows_and_columns_sum_to_one_within_the_stated_error"),
    Mutant("Sinkhorn without tau", "structured", "torch.finfo(gap.dtype).min)) / tau", "torch.finfo(gap.dtype).min))", "structured::test_the_limit_solves_the_matching_problem"),
    Mutant("Sinkhorn one step short", "structured", "for _ in range(n_iters)", "for _ in range(n_iters - 1)", "structured::test_rows_and_columns_sum_to_one_within_the_stated_error"),
    Mutant("Sinkhorn without noise", "structured", "gap = (scores + g)", "gap = (scores + 0 * g)", "structured::test_the_limit_solves_the_matching_problem"),
    Mutant("Plackett-Luce with replacement", "orders", "left = left.scatter(-1, index, -math.inf)", "left = left + 0 * index", "orders::test_plackett_luce_in_fractions"),
    Mutant("Plackett-Luce of probabilities", "orders", "left = torch.where(possible[..., None], logits, 0.0)", "left = torch.where(possible[..., None], logits.softmax(-1), 0.0)", "orders::test_plackett_luce_in_fractions"),
    Mutant("determinant for permanent", "orders", "return (signs * (sets.double() @ matrix.double().T).prod(-1)).sum()",
           "return torch.linalg.det(matrix.double()) + 0 * signs.sum()", "orders::test_permanents_that_are_known"),
    Mutant("Ryser without signs", "orders", "signs = 1.0 - 2.0 *", "signs = 1.0 - 0.0 *", "orders::test_permanents_that_are_known"),
    Mutant("matchings unnormalised", "orders", "dims=2).log_softmax(0)", "dims=2)", "orders::test_the_gibbs_law"),
    Mutant("marginals transposed", "orders", "return torch.tensordot(log_p.exp(), permutations(len(scores)), dims=1)",
           "return torch.tensordot(log_p.exp(), permutations(len(scores)), dims=1).T", "orders::test_marginals_are_the_slope_of_the_log_permanent"),
    Mutant("tau of zero allowed", "checks", "number >= torch.finfo(torch.float32).tiny", "number >= 0", "samplers::test_bad_tau"),
    Mutant("diffusion with a variance for a width", "diffusion", "(F.logsigmoid(-log_snr) / 2).exp()", "F.logsigmoid(-log_snr).exp()", "diffusion::test_signal_and_noise_share_one_unit_of_variance"),
    Mutant("denoiser without the components' widths", "diffusion", "(standard**2 + variance.log())", "(standard**2)", "diffusion::test_the_denoiser_is_the_slope_of_the_log_density"),
    Mutant("denoiser forgets the data's spread", "diffusion", "alpha**2 * stds**2 + sigma**2", "stds**2 + sigma**2", "diffusion::test_the_denoiser_is_the_slope_of_the_log_density"),
    Mutant("denoiser that returns the score", "diffusion", "(r * sigma * standard", "(r * -1 * standard", "diffusion::test_the_denoiser_is_the_slope_of_the_log_density"),
    Mutant("a table whose bound is of other images", "experiments/summaries", 'each["bound"][:, spaced(size, count)]', 'each["bound"][:, :count]', "experiments::test_a_gap_that_is_the_same_for_all_images_carries_over_exactly"),
    Mutant("a table's error forgets that the test set ends", "experiments/summaries", "(1 / count - 1 / size)", "(1 / count)", "experiments::test_another_test_needs_no_other_training"),
    Mutant("a table's error over single draws", "experiments/summaries", "each.mean(1), each.mean(0)", "each.mean(1), each.flatten()", "experiments::test_a_cell_is_what_the_library_makes_of_it"),
    Mutant("a table with other noise for each seed", "experiments/table2", "k=asked[\"nll_k\"], chunk", "k=asked[\"nll_k\"], seed=int(path.stem[-1]), chunk", "experiments::test_a_cell_is_what_the_library_makes_of_it"),
    Mutant("every process makes the whole table", "experiments/table2", "cells[rank :: max(size, 1)]", "cells", "experiments::test_processes_share_the_cells"),
    Mutant("a table written once", "experiments/table2", "    while records.keys() != (there", "    if records.keys() != (there", "experiments::test_the_table_holds_a_cell_that_came_while_it_was_written"),
    Mutant("NaN passes as a number", "checks", "if len(broken):", "if False:", "checks::test_numbers_names_the_first_that_is_none"),
    Mutant("an infinite baseline", "checks", "if not (math.isfinite(value) and value >= at_least):", "if not (value >= at_least):", "checks::test_number"),
    Mutant("a sum that overflows is refused", "checks", "        broken = (~value.detach().isfinite()).nonzero()", "        broken = (value.detach() == value.detach()).nonzero()", "checks::test_numbers_names_the_first_that_is_none"),
    Mutant("half precision overflows in a denoiser", "diffusion", "wide = x.to(torch.promote_types(x.dtype, torch.float32))", "wide = x", "diffusion::test_the_cleanest_level_in_half_precision"),
    Mutant("a probability of zero costs nothing", "divergences", "torch.where(gap == math.inf, gap, log_q.exp() * gap)", "(log_q.exp() * gap)", "divergences::test_a_probability_that_rounds_to_zero_where_p_is_zero_costs_infinity"),
    Mutant("shapes broadcast", "checks", "if a.shape != b.shape:", "if False:", "samplers::test_noise_never_broadcasts"),
]  # fmt: skip


def plant(mutant: Mutant, folder: Path) -> None:
    """Give ``folder`` a package of links to this one, and the one changed file."""
    shutil.copytree(ROOT / "src" / "reparam", folder / "reparam", copy_function=os.symlink)
    path = folder / "reparam" / f"{mutant.module}.py"
    text = path.read_text()
    if text.count(mutant.old) != 1:
        raise RuntimeError(
            f"mutants: {mutant.name}: {mutant.old!r} occurs {text.count(mutant.old)} times in {path.name}"
        )
    path.unlink()
    path.write_text(text.replace(mutant.old, mutant.new))


def killed(mutant: Mutant) -> bool:
    """Return whether the mutant's test fails on it. Run it in a process of its own."""
    name, test = mutant.test.split("::", 1)
    with tempfile.TemporaryDirectory() as folder:
        plant(mutant, Path(folder))
        sys.path.insert(0, folder)
        os.environ |= {"PYTHONPATH": folder, "REPARAM_EXPECT": folder, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            options = ["-x", "-q", "-p", "no:cacheprovider", "--tb=no"]
            status = pytest.main([*options, f"tests/test_{name}.py::{test}"])
    if status not in (0, 1):
        raise RuntimeError(f"mutants: {mutant.name}: {mutant.test} did not run (pytest ended with {status})")
    return status == 1


def main(names: list[str]) -> int:
    """Run the mutants of these names (all of them by default) and return the number of survivors.

    PyTorch is imported once; every mutant then gets a fork of this process, which has not seen the package.
    """
    os.chdir(ROOT)
    chosen = [m for m in MUTANTS if not names or m.name in names]
    survivors, start = 0, time.perf_counter()
    print("| mutant | module | seen by |\n|---|---|---|")
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for mutant, dead in zip(chosen, pool.imap(killed, chosen, chunksize=1), strict=True):
            survivors += not dead
            print(
                f"| {mutant.name} | {mutant.module} | {mutant.test if dead else '**SURVIVED**'} |", flush=True
            )
    print(f"\n{len(chosen) - survivors} of {len(chosen)} killed in {time.perf_counter() - start:.0f} s")
    return survivors


if __name__ == "__main__":
    sys.exit(min(main(sys.argv[1:]), 1))
