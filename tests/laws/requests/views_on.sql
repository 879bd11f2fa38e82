CREATE VIEW "Sales Dept"."open orders" WITH (security_barrier) AS SELECT o.id, o.state, o.amount, u."select" AS name, u."E-Mail" FROM "Sales Dept"."Order" o JOIN "Sales Dept"."user" u ON u.id = o.user_id WHERE o.state <> 'sent';
CREATE VIEW "Sales Dept"."open names" AS SELECT DISTINCT name FROM "Sales Dept"."open orders";
GRANT SELECT ON "Sales Dept"."open orders" TO reader;
