//! How a file of templates is written, where its user must say so.

use crate::template::read::{BitOrder, Filter, Format, Given, Identity, MaskMarks, Told};

/// How templates are written.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Written {
    /// How the templates are written, where their content does not say so
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Parquet, Arrow, a database: the column of the templates, or of the codes of irises [default: found by its name or type]
    #[arg(long, value_name = "NAME")]
    column: Option<String>,
    /// Parquet, Arrow, a database: the column of their ids [default: found by its name]
    #[arg(long, value_name = "NAME")]
    id_column: Option<String>,
    /// Whether the first line of templates in CSV is a header [default: found out; refused where that cannot be told]
    #[arg(long, value_enum)]
    header: Option<YesNo>,
    /// Irises: what the ones of a mask mark whose name does not say it [default: valid bits; refused where that is unlikely]
    #[arg(long, value_enum)]
    mask_marks: Option<Marks>,
    /// Irises: in which order a code lies that is one string of bits [default: position-first; refused where that is unlikely]
    #[arg(long, value_enum)]
    bit_order: Option<Order>,
}

impl Written {
    /// The format that was said.
    pub(super) fn format(&self) -> Option<Format> {
        self.format.map(Format::from)
    }

    /// The column of ids that was said.
    pub(super) fn id_column(&self) -> Option<&str> {
        self.id_column.as_deref()
    }

    /// What was said of it, for its reader.
    pub(super) fn given(&self, identities: Option<Vec<Identity>>, filter: Option<Filter>) -> Given {
        let irises = Told { marks: self.mask_marks.map(Into::into), order: self.bit_order.map(Into::into) };
        Given {
            identities,
            header: self.header.map(|header| header == YesNo::Yes),
            column: self.column.clone(),
            id_column: self.id_column.clone(),
            filter,
            irises,
            ..Given::default()
        }
    }
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum YesNo {
    /// It is
    Yes,
    /// It is not
    No,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Marks {
    /// Bits that are valid
    Valid,
    /// Bits that are not
    Noise,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Order {
    /// Rows, columns, channels: as files of Open-IRIS and iris-mpc are
    #[value(name = "position-first")]
    Position,
    /// Filters, rows, columns, parts: as a list of Open-IRIS' arrays is
    #[value(name = "filter-first")]
    Filter,
    /// Channels, rows, columns
    #[value(name = "channel-first")]
    Channel,
}

/// How a file of templates is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FileFormat {
    /// NumPy array
    Npy,
    /// NumPy archive
    Npz,
    /// Values separated by commas, semicolons, tabs or spaces
    Csv,
    /// JSON, also one object a line
    #[value(alias = "jsonl")]
    Json,
    /// Vectors of 32-bit floats, each behind its length
    Fvecs,
    /// Vectors of bytes, each behind its length
    Bvecs,
    /// Lines of base64 iris codes
    IrisBase64,
    /// Apache Parquet
    Parquet,
    /// Apache Arrow, also Feather version 2 and streams
    #[value(alias = "feather")]
    Arrow,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Npy => Self::Npy,
            FileFormat::Npz => Self::Npz,
            FileFormat::Csv => Self::Csv,
            FileFormat::Json => Self::Json,
            FileFormat::Fvecs => Self::Fvecs,
            FileFormat::Bvecs => Self::Bvecs,
            FileFormat::IrisBase64 => Self::IrisBase64,
            FileFormat::Parquet => Self::Parquet,
            FileFormat::Arrow => Self::Arrow,
        }
    }
}

impl From<Marks> for MaskMarks {
    fn from(marks: Marks) -> Self {
        match marks {
            Marks::Valid => Self::Valid,
            Marks::Noise => Self::Noise,
        }
    }
}

impl From<Order> for BitOrder {
    fn from(order: Order) -> Self {
        match order {
            Order::Position => Self::PositionFirst,
            Order::Filter => Self::FilterFirst,
            Order::Channel => Self::ChannelFirst,
        }
    }
}
