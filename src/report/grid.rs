//! One section of the table report: a title, rows that fit a width, notes below.
//!
//! In: printable text. Out: lines. Knows nothing of sessions.

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Row, Table, TableStyle, Width,
};

/// Columns of the plain form, for files and pipes.
const PLAIN_WIDTH: u16 = 120;

/// No narrower than this: a table of less is no table.
const LEAST_WIDTH: u16 = 40;

/// Lines that one row may take; what is longer is cut and marked.
const ROW_LINES: usize = 5;

/// From here on columns stand two blanks apart, below one.
const WIDE: u16 = 100;

/// From here on there is room for columns that are never broken.
const ROOMY: u16 = 72;

/// A title, a header, rows and notes.
pub(super) struct Grid {
    title: &'static str,
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    notes: Vec<String>,
    right: Vec<usize>,
    /// Columns whose cells are not to be broken, and columns of a least width.
    solid: Vec<usize>,
    least: Vec<(usize, u16)>,
    /// Widths below which a column is left out.
    drops: Vec<(u16, usize)>,
}

impl Grid {
    pub(super) fn new(title: &'static str, header: &[&'static str]) -> Self {
        Self {
            title,
            header: header.to_vec(),
            rows: Vec::new(),
            notes: Vec::new(),
            right: Vec::new(),
            solid: Vec::new(),
            least: Vec::new(),
            drops: Vec::new(),
        }
    }

    /// Aligns `columns` to the right.
    pub(super) fn right(&mut self, columns: &[usize]) {
        self.right = columns.to_vec();
    }

    /// Does not break the cells of `columns`, if there is room.
    pub(super) fn solid(&mut self, columns: &[usize]) {
        self.solid = columns.to_vec();
    }

    /// Gives `column` at least `width`, if there is room.
    pub(super) fn least(&mut self, column: usize, width: u16) {
        self.least.push((column, width));
    }

    /// Leaves out `column` where there are fewer than `width` columns of text.
    pub(super) fn drop_below(&mut self, width: u16, column: usize) {
        self.drops.push((width, column));
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// A line below the rows.
    pub(super) fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }

    /// Says how many rows are left out, if any are.
    pub(super) fn left_out(&mut self, rows: usize, noun: &str) {
        if rows > 0 {
            let rows = super::human::number(rows as u64);
            self.note(&format!("{rows} more not shown ({noun}s): --format json lists all"));
        }
    }

    /// The section, or nothing if it has neither rows nor notes.
    pub(super) fn finish(self, width: Option<u16>) -> String {
        let mut out = wrap(self.title, width);
        if self.rows.is_empty() && self.notes.is_empty() {
            return String::new();
        }
        if !self.rows.is_empty() {
            out += &self.table(width);
        }
        for note in &self.notes {
            out += &wrap(note, width);
        }
        out
    }

    fn table(&self, width: Option<u16>) -> String {
        let is_kept = |column: usize| {
            let drop = self.drops.iter().find(|(_, dropped)| *dropped == column);
            drop.is_none_or(|(least, _)| columns(width) >= *least)
        };
        let kept: Vec<usize> = (0..self.header.len()).filter(|&column| is_kept(column)).collect();
        let mut table = bare(width);
        if width.is_some() {
            table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─')));
        }
        table.set_header(kept.iter().filter_map(|&column| self.header.get(column)));
        for row in &self.rows {
            let mut row: Row = kept.iter().filter_map(|&column| row.get(column)).into();
            row.max_height(ROW_LINES);
            table.add_row(row);
        }
        let gap = if columns(width) < WIDE { 1 } else { 2 };
        for (&n, column) in kept.iter().zip(table.column_iter_mut()) {
            let is_last = kept.last() == Some(&n);
            column.set_padding((0, if is_last { 0 } else { gap }));
            if self.right.contains(&n) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if columns(width) < ROOMY {
                continue;
            }
            if self.solid.contains(&n) {
                column.set_constraint(ColumnConstraint::ContentWidth);
            } else if let Some((_, least)) = self.least.iter().find(|(column, _)| *column == n) {
                let least = least + if is_last { 0 } else { gap };
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
            }
        }
        table.trim_fmt() + "\n"
    }
}

/// `text` in lines that fit `width`.
pub(super) fn wrap(text: &str, width: Option<u16>) -> String {
    let mut table = bare(width);
    table.add_row([text]);
    if let Some(column) = table.column_mut(0) {
        column.set_padding((0, 0));
    }
    table.trim_fmt() + "\n"
}

fn bare(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(columns(width));
    table
}

fn columns(width: Option<u16>) -> u16 {
    width.unwrap_or(PLAIN_WIDTH).max(LEAST_WIDTH)
}
