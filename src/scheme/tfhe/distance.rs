//! Stage 4: encrypted scores. phi is the constant coefficient of sum_c ct_c W_c(1/X), one LWE sample of dimension k N.
//!
//! No keyswitch follows: the template was encrypted under the key the bootstrap reads. The products are taken in the
//! Fourier domain: a probe is transformed once per query, a reference's weights as they are met (cheaper than keeping their
//! transforms, which would take sixteen times the memory of the weights), one inverse a mask polynomial. Only the
//! k mask polynomials need a convolution; of the body only one coefficient is wanted, an inner product, taken exactly.

use ::tfhe::core_crypto::fft_impl::fft64::c64;
use ::tfhe::core_crypto::fft_impl::fft64::math::polynomial::{FourierPolynomialMutView, FourierPolynomialView};
use ::tfhe::core_crypto::prelude::*;

use super::query::expanded;
use super::{Lwe, MODULUS, fourier};
use crate::functional::LinearForm;
use crate::parameters::query::QueryKeySet;

/// An encrypted phi: an LWE sample under the query key. Never leaves the scheme.
pub(in crate::scheme) struct EncryptedScore(pub(super) Lwe);

impl EncryptedScore {
    /// n numbers of the mask, then the body, in units of 2^-64 of the torus.
    pub(in crate::scheme) fn sample(&self) -> &[u64] {
        self.0.as_ref()
    }
}

/// The Fourier transform of a query's polynomials.
pub(in crate::scheme) struct Transform(Fft);

impl Transform {
    pub(in crate::scheme) fn new(set: &QueryKeySet) -> Self {
        Self(fourier::transform(PolynomialSize(set.polynomial_size)))
    }
}

/// One encrypted template, its masks in the Fourier domain.
///
/// Shape: for each polynomial of N coordinates, k transformed masks of N/2 points and a body of N torus elements.
pub(in crate::scheme) struct EncryptedTemplate {
    masks: Vec<c64>,
    bodies: Vec<u64>,
    polynomial_size: usize,
    glwe_dimension: usize,
}

/// Room to work in; one for each thread.
pub(in crate::scheme) struct Scratch {
    buffers: ComputationBuffers,
    weights: Vec<u64>,
    spectrum: Vec<c64>,
    sums: Vec<c64>,
}

impl EncryptedTemplate {
    /// Expands every template of a query, of so many coordinates each, from its seed.
    pub(in crate::scheme) fn expand(
        set: &QueryKeySet,
        coordinates: usize,
        seed: u128,
        bodies: Vec<u64>,
        transform: &Transform,
    ) -> Vec<Self> {
        let (k, n) = (set.glwe_dimension, set.polynomial_size);
        let list = expanded(set, seed, bodies);
        let mut scratch = Scratch::new(set, transform);
        let fft = transform.0.as_view();
        let polynomials = set.polynomials(coordinates);
        list.as_ref()
            .chunks_exact(polynomials * (k + 1) * n)
            .map(|template| {
                let mut masks = vec![c64::default(); polynomials * k * n / 2];
                let mut bodies = Vec::with_capacity(polynomials * n);
                let spectra = masks.chunks_exact_mut(k * n / 2);
                for (glwe, spectra) in template.chunks_exact((k + 1) * n).zip(spectra) {
                    let (mask, body) = glwe.split_at(k * n);
                    for (polynomial, spectrum) in mask.chunks_exact(n).zip(spectra.chunks_exact_mut(n / 2)) {
                        fft.forward_as_torus(
                            FourierPolynomialMutView { data: spectrum },
                            Polynomial::from_container(polynomial),
                            scratch.buffers.stack(),
                        );
                    }
                    bodies.extend_from_slice(body);
                }
                Self { masks, bodies, polynomial_size: n, glwe_dimension: k }
            })
            .collect()
    }

    /// phi of this template and a linear form, scaled by `step` and still encrypted.
    pub(in crate::scheme) fn score(
        &self,
        form: &LinearForm,
        step: u64,
        transform: &Transform,
        scratch: &mut Scratch,
    ) -> EncryptedScore {
        let fft = transform.0.as_view();
        let (k, n) = (self.glwe_dimension, self.polynomial_size);
        let Scratch { buffers, weights, spectrum, sums } = scratch;
        sums.fill(c64::default());
        let mut body = (form.bias as u64).wrapping_mul(step);
        let chunks = form.weights.chunks(n).zip(self.bodies.chunks_exact(n)).zip(self.masks.chunks_exact(k * n / 2));
        // What is left out follows from the agreement; a reference whose weights are 0 somewhere takes as long as any.
        for ((w, bodies), masks) in chunks.skip(form.start / n) {
            let products = w.iter().zip(bodies).map(|(&w, &b)| (w as u64).wrapping_mul(b));
            body = products.fold(body, u64::wrapping_add);
            inverted(w, weights);
            fft.forward_as_integer(
                FourierPolynomialMutView { data: spectrum.as_mut_slice() },
                Polynomial::from_container(weights.as_slice()),
                buffers.stack(),
            );
            for (sum, mask) in sums.chunks_exact_mut(n / 2).zip(masks.chunks_exact(n / 2)) {
                for ((sum, mask), w) in sum.iter_mut().zip(mask).zip(spectrum.iter()) {
                    *sum += mask * w;
                }
            }
        }
        let mut glwe = GlweCiphertext::new(0u64, GlweSize(k + 1), PolynomialSize(n), MODULUS);
        for (polynomial, sum) in glwe.as_mut().chunks_exact_mut(n).zip(sums.chunks_exact(n / 2)) {
            fft.backward_as_torus(
                Polynomial::from_container(polynomial),
                FourierPolynomialView { data: sum },
                buffers.stack(),
            );
        }
        if let Some(constant) = glwe.get_mut_body().as_mut().first_mut() {
            *constant = body;
        }
        let mut score = Lwe::new(0, LweDimension(k * n).to_lwe_size(), MODULUS);
        extract_lwe_sample_from_glwe_ciphertext(&glwe, &mut score, MonomialDegree(0));
        EncryptedScore(score)
    }
}

impl Scratch {
    pub(in crate::scheme) fn new(set: &QueryKeySet, transform: &Transform) -> Self {
        let (glwe_dimension, polynomial_size) = (set.glwe_dimension, set.polynomial_size);
        let fft = transform.0.as_view();
        let mut buffers = ComputationBuffers::new();
        buffers.resize(fft.forward_scratch().or(fft.backward_scratch()).unaligned_bytes_required());
        Self {
            buffers,
            weights: vec![0; polynomial_size],
            spectrum: vec![c64::default(); polynomial_size / 2],
            sums: vec![c64::default(); glwe_dimension * polynomial_size / 2],
        }
    }
}

/// W(1/X) mod X^N + 1 as two's complement: w_0 - sum_{i>0} w_i X^(N-i).
fn inverted(w: &[i16], out: &mut [u64]) {
    out.fill(0);
    if let (Some((&first, rest)), Some((constant, higher))) = (w.split_first(), out.split_first_mut()) {
        *constant = first as u64;
        for (out, &w) in higher.iter_mut().rev().zip(rest) {
            *out = i64::from(w).wrapping_neg() as u64;
        }
    }
}
