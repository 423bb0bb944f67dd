import sys
from datetime import date
import polars as pl

price, discount, tax = pl.col("l_extendedprice"), pl.col("l_discount"), pl.col("l_tax")
floats = ["l_quantity", "l_extendedprice", "l_discount", "l_tax"]
query = (
    pl.scan_csv(sys.argv[1], schema_overrides={**{name: pl.Float64 for name in floats}, "l_shipdate": pl.String})
    .with_columns(pl.col("l_shipdate").str.to_date("%Y-%m-%d"))
    .filter(pl.col("l_shipdate") <= date(1998, 9, 2))
    .group_by("l_returnflag", "l_linestatus")
    .agg(
        sum_qty=pl.col("l_quantity").sum(),
        sum_base_price=price.sum(),
        sum_disc_price=(price * (1 - discount)).sum(),
        sum_charge=(price * (1 - discount) * (1 + tax)).sum(),
        avg_qty=pl.col("l_quantity").mean(),
        avg_price=price.mean(),
        avg_disc=discount.mean(),
        count_order=pl.len(),
    )
    .sort("l_returnflag", "l_linestatus")
)
print(query.collect().write_csv(), end="")
