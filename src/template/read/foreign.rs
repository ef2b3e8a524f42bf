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
    /// Faiss' index.
    Faiss,
    /// A file of a Lance data set.
    Lance,
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

    /// A file of which the beginning tells nothing may tell by its last bytes.
    pub(super) fn or_by_its_end(self, ending: &[u8]) -> Self {
        match self {
            Self::RawFloats | Self::Unknown if ending.ends_with(LANCE) => Self::Lance,
            _ => self,
        }
    }

    /// What a file is that says so itself.
    pub(super) fn marked(file: &[u8]) -> Option<Self> {
        match MAGIC.iter().find(|(magic, _)| file.starts_with(magic)) {
            Some((_, foreign)) => Some(*foreign),
            None if is_faiss(file) => Some(Self::Faiss),
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
            Self::Faiss => {
                "convert it in Python: import faiss, numpy; i = faiss.read_index(\"old.index\"); \
                 numpy.save(\"new.npy\", i.reconstruct_n(0, i.ntotal)); an index that compresses (PQ, SQ, LSH) gives other vectors than it was given"
            }
            Self::Lance => {
                "give what its folder holds, converted in Python: import lance; \
                 lance.dataset(\"FOLDER.lance\").to_table().to_pandas().to_csv(\"new.csv\", index=False)"
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
            Self::Faiss => "a Faiss index",
            Self::Lance => "a file of a Lance data set",
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

/// What a file of Lance ends with.
pub(super) const LANCE: &[u8] = b"LANC";

/// How Faiss' indexes begin, by kind (`faiss/impl/index_write.cpp`): of floats `I` with a lower case letter, of bits `IB`.
const FAISS: [&[u8]; 9] = [b"Ix", b"Iw", b"Iv", b"Im", b"IH", b"IN", b"IB", b"IP", b"Ir"];

/// Four letters, and the length of its vectors, of which the last byte is 0.
fn is_faiss(file: &[u8]) -> bool {
    let kind = file.get(..4).unwrap_or_default();
    let letters = kind.len() == 4 && kind.iter().all(u8::is_ascii_alphanumeric);
    letters && FAISS.iter().any(|begins| kind.starts_with(begins)) && file.get(7) == Some(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_programs_write_is_known_by_its_first_bytes() {
        let floats = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        for (file, foreign) in [
            (&b"\x1f\x8b\x08\x00"[..], Foreign::Compressed("gzip")),
            (b"\x89HDF\r\n\x1a\n\0", Foreign::Hdf5),
            (b"MATLAB 5.0 MAT-file, Platform", Foreign::Matlab),
            (b"PAR1\x15\x04", Foreign::Parquet),
            (b"\x80\x04\x95\x01\0K\x01.", Foreign::Pickle),
            (b"\x40\0\0\0\0\0\0\0{\"embeddings\":{}}", Foreign::Safetensors),
            (b"IxF2\x02\0\0\0\x01\0\0\0", Foreign::Faiss),
            (b"IHNf\0\x02\0\0\x01\0\0\0", Foreign::Faiss),
            (b"IPfs\x20\0\0\0\x88\x13\0\0", Foreign::Faiss),
            (&floats(&[0.25, 1.0, 0.5, -1.0]), Foreign::RawFloats),
            (&floats(&[0.25, 1.0, 0.5]), Foreign::Unknown),
        ] {
            assert_eq!(Foreign::of(file, true, Some(2)), Some(foreign), "{foreign}");
        }
        for text in ["", "id,a,b\nx,1,2\n", "{\"vector\": [1]}", "\t1\t2\r\n", "M\u{fc}ller,1,2", "IxF2,a,b\nx,1,2\n"] {
            assert_eq!(Foreign::of(text.as_bytes(), true, Some(2)), None, "{text}");
        }
        assert_eq!(Foreign::RawFloats.or_by_its_end(b"LANC"), Foreign::Lance);
        assert_eq!(Foreign::Hdf5.or_by_its_end(b"LANC"), Foreign::Hdf5);
        assert_eq!(Foreign::Unknown.or_by_its_end(b"ANC"), Foreign::Unknown);
        assert_eq!(Foreign::archive(["archive/data.pkl"].into_iter()), Some(Foreign::Torch));
        assert_eq!(Foreign::archive(["a.npy"].into_iter()), None);
    }
}
