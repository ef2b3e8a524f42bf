//! Files of other programs, known by their first bytes: what each is, and the line that converts it.

/// A file in which templates are not looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// Compressed as a whole.
    Compressed(&'static str),
    /// HDF5, also as Keras and newer MATLAB write it.
    Hdf5,
    /// MATLAB's own, up to version 7.
    Matlab,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow, or Feather.
    Arrow,
    /// Python's pickle.
    Pickle,
    /// PyTorch's.
    Torch,
    /// Vectors of 32-bit floats, each behind its length (TEXMEX, Faiss).
    Fvecs,
    /// Hugging Face's tensors.
    Safetensors,
    /// A workbook.
    Excel,
    /// A database.
    Sqlite,
    /// A picture.
    Picture,
    /// A file of this program.
    Ours,
    /// A web page, or XML.
    Markup,
    /// Bytes of which as many are there as some floats take, and nothing else is known.
    RawFloats,
    /// Nothing that is known.
    Unknown,
}

/// What files begin with.
const MAGIC: [(&[u8], Foreign); 20] = [
    (b"\x1f\x8b", Foreign::Compressed("gzip")),
    (b"BZh", Foreign::Compressed("bzip2")),
    (b"\xfd7zXZ", Foreign::Compressed("xz")),
    (b"\x28\xb5\x2f\xfd", Foreign::Compressed("zstd")),
    (b"7z\xbc\xaf\x27\x1c", Foreign::Compressed("7z")),
    (b"\x89HDF\r\n\x1a\n", Foreign::Hdf5),
    (b"MATLAB 7.3 MAT-file", Foreign::Hdf5),
    (b"MATLAB 5.0 MAT-file", Foreign::Matlab),
    (b"PAR1", Foreign::Parquet),
    (b"ARROW1", Foreign::Arrow),
    (b"FEA1", Foreign::Arrow),
    (b"SQLite format 3\0", Foreign::Sqlite),
    (b"\xd0\xcf\x11\xe0", Foreign::Excel),
    (b"\x89PNG", Foreign::Picture),
    (b"\xff\xd8\xff", Foreign::Picture),
    (b"GIF8", Foreign::Picture),
    (b"BM\x36", Foreign::Picture),
    (b"COTEJO\x1a\n", Foreign::Ours),
    (b"<?xml", Foreign::Markup),
    (b"<!DOCTYPE", Foreign::Markup),
];

impl Foreign {
    /// What a file is that is neither NumPy's nor text, by its beginning, which may be the `whole`; `values` are those of a template, where
    /// it has a number of them.
    pub(super) fn of(file: &[u8], whole: bool, values: Option<usize>) -> Option<Self> {
        if let Some(foreign) = Self::marked(file) {
            return Some(foreign);
        }
        if is_fvecs(file, whole) {
            return Some(Self::Fvecs);
        }
        if file.get(8..10) == Some(b"{\"") && file.get(4..8) == Some(&[0; 4]) {
            return Some(Self::Safetensors);
        }
        let beginning = file.get(..4096).unwrap_or(file);
        let odd = beginning.iter().filter(|&&byte| byte < b'\t' || (0x0e..0x20).contains(&byte)).count();
        let binary = beginning.contains(&0) || 20 * odd > beginning.len();
        let row = values.and_then(|values| values.checked_mul(4)).filter(|row| *row > 0);
        match (binary, row) {
            (false, _) => None,
            (true, Some(row)) if !whole || file.len().is_multiple_of(row) => Some(Self::RawFloats),
            (true, _) => Some(Self::Unknown),
        }
    }

    /// What a file is that says so itself.
    pub(super) fn marked(file: &[u8]) -> Option<Self> {
        match MAGIC.iter().find(|(magic, _)| file.starts_with(magic)) {
            Some((_, foreign)) => Some(*foreign),
            None => is_pickle(file).then_some(Self::Pickle),
        }
    }

    /// What an archive is that is no NumPy archive, by the names in it.
    pub(super) fn archive<'a>(mut names: impl Iterator<Item = &'a str>) -> Option<Self> {
        names.find_map(|name| match name {
            _ if name.starts_with("xl/") => Some(Self::Excel),
            _ if name.ends_with("data.pkl") => Some(Self::Torch),
            _ => None,
        })
    }

    /// The line that converts it.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Compressed(_) => "unpack it first (gunzip, bunzip2, unxz, unzstd, 7z x)",
            Self::Hdf5 => {
                "convert it in Python: import h5py, numpy; \
                 numpy.save(\"new.npy\", h5py.File(\"old.h5\")[\"NAME OF THE DATA SET\"][:].astype(\"float32\"))"
            }
            Self::Matlab => {
                "convert it in Python: import scipy.io, numpy; \
                 numpy.save(\"new.npy\", scipy.io.loadmat(\"old.mat\")[\"NAME OF THE VARIABLE\"].astype(\"float32\"))"
            }
            Self::Parquet => {
                "convert it in Python: import pandas; pandas.read_parquet(\"old.parquet\").to_csv(\"new.csv\", index=False)"
            }
            Self::Arrow => {
                "convert it in Python: import pandas; pandas.read_feather(\"old.feather\").to_csv(\"new.csv\", index=False)"
            }
            Self::Pickle => {
                "convert it in Python, if you trust whoever made it: import pickle, numpy; d = pickle.load(open(\"old.pkl\", \"rb\")); \
                 numpy.savez(\"new.npz\", embeddings=numpy.asarray(d[\"...\"], \"float32\"), ids=d[\"...\"])"
            }
            Self::Torch => {
                "convert it in Python: import torch, numpy; numpy.save(\"new.npy\", torch.load(\"old.pt\", weights_only=True).float().numpy())"
            }
            Self::Fvecs => {
                "convert it in Python: import numpy; a = numpy.fromfile(\"old.fvecs\", \"<i4\"); \
                 numpy.save(\"new.npy\", a.reshape(-1, a[0] + 1)[:, 1:].copy().view(\"<f4\"))"
            }
            Self::Safetensors => {
                "convert it in Python: import numpy; from safetensors.numpy import load_file; \
                 numpy.save(\"new.npy\", load_file(\"old.safetensors\")[\"NAME OF THE TENSOR\"].astype(\"float32\"))"
            }
            Self::Excel => "save the sheet as CSV",
            Self::Sqlite => "export the table as CSV",
            Self::Picture => {
                "templates are made from pictures by a face, finger or iris recognition program; give what it wrote"
            }
            Self::Ours => "give templates; 'cotejo inspect' says what this file is",
            Self::Markup => "give templates in a format of numbers or JSON",
            Self::RawFloats => {
                "say what it is: import numpy; \
                 numpy.save(\"new.npy\", numpy.fromfile(\"old\", \"<f4\").reshape(-1, VALUES OF A TEMPLATE))"
            }
            Self::Unknown => "'cotejo help formats' says what is read",
        }
    }
}

impl std::fmt::Display for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Compressed(how) => return write!(f, "a file compressed by {how}"),
            Self::Hdf5 => "an HDF5 file",
            Self::Matlab => "a MATLAB file",
            Self::Parquet => "a Parquet file",
            Self::Arrow => "an Arrow (Feather) file",
            Self::Pickle => "a Python pickle",
            Self::Torch => "a PyTorch file",
            Self::Fvecs => "a file of vectors in the format fvecs",
            Self::Safetensors => "a safetensors file",
            Self::Excel => "an Excel workbook",
            Self::Sqlite => "an SQLite database",
            Self::Picture => "a picture, and no template",
            Self::Ours => "a file that cotejo made, and holds no templates in the clear",
            Self::Markup => "a file of markup (XML or HTML)",
            Self::RawFloats => "a file of bytes without a header, such as numbers that tofile() wrote",
            Self::Unknown => "no format that is known here",
        })
    }
}

/// Pickle begins with its protocol, 2 to 5; no text begins so, nor what NumPy writes.
fn is_pickle(file: &[u8]) -> bool {
    matches!(file, [0x80, 2..=5, _, ..])
}

/// Every vector begins with its length, which is the same.
fn is_fvecs(file: &[u8], whole: bool) -> bool {
    let Some((length, _)) = file.split_first_chunk() else { return false };
    let values = u32::from_le_bytes(*length) as usize;
    let row = 4 * (values + 1);
    (1..=1 << 16).contains(&values)
        && (file.len().is_multiple_of(row) || !whole && file.len() > row)
        && file.chunks(row).all(|row| row.len() < length.len() || row.starts_with(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_programs_write_is_known_by_its_first_bytes() {
        let floats = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        let row = [&2u32.to_le_bytes()[..], &floats(&[0.5, -1.0])].concat();
        for (file, foreign) in [
            (&b"\x1f\x8b\x08\x00"[..], Foreign::Compressed("gzip")),
            (b"\x89HDF\r\n\x1a\n\0", Foreign::Hdf5),
            (b"MATLAB 5.0 MAT-file, Platform", Foreign::Matlab),
            (b"PAR1\x15\x04", Foreign::Parquet),
            (b"\x80\x04\x95\x01\0K\x01.", Foreign::Pickle),
            (b"\x40\0\0\0\0\0\0\0{\"embeddings\":{}}", Foreign::Safetensors),
            (&[&row[..], &row].concat(), Foreign::Fvecs),
            (&floats(&[0.25, 1.0, 0.5, -1.0]), Foreign::RawFloats),
            (&floats(&[0.25, 1.0, 0.5]), Foreign::Unknown),
        ] {
            assert_eq!(Foreign::of(file, true, Some(2)), Some(foreign), "{foreign}");
        }
        for text in ["", "id,a,b\nx,1,2\n", "{\"vector\": [1]}", "\t1\t2\r\n", "M\u{fc}ller,1,2"] {
            assert_eq!(Foreign::of(text.as_bytes(), true, Some(2)), None, "{text}");
        }
        assert_eq!(Foreign::archive(["archive/data.pkl"].into_iter()), Some(Foreign::Torch));
        assert_eq!(Foreign::archive(["a.npy"].into_iter()), None);
    }
}
