DROP VIEW "Sales Dept"."open names"; DROP VIEW "Sales Dept"."open orders";
