//! The calls of payments in flight.

/// Payments are slow for as long as all orders take to arrive, so that no other test runs beside these.
mod alone {
    use crate::{MUG, at_once, count, payments::Payments, slow_down, start};

    const ORDERS: usize = 40;

    #[test]
    fn a_full_bulkhead_rejects_a_charge_and_neither_opens_the_breaker_nor_is_retried() {
        let payments = Payments::start();
        let shop = start(&[("PAYMENTS_URL", &payments.url())]);
        slow_down(payments.admin, 2_000);
        let answers = at_once(ORDERS, &shop, "POST", "/orders", MUG);
        let [placed, rejected] = [201, 503].map(|status| count(&answers, status));
        assert_eq!((placed, rejected), (16, ORDERS - 16), "{answers:?}");
        let answer = answers.iter().find(|answer| answer.status == 503).unwrap();
        assert_eq!(answer.json()["code"], "overloaded", "{answer:?}");
        let wait: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=3).contains(&wait), "{wait}");

        // Rejected orders were neither charged nor voided, and have no stock.
        payments.wait_for_orders(16);
        let stock = || shop.get("/products/mug").json()["stock"].clone();
        assert!((0..10_000).any(|_| stock() == 9_984), "{}", stock());
        let page = shop.metrics_with("shop_orders_total{outcome=\"overloaded\"} 24\n");
        for sample in [
            "battlement_concurrency_limit_limit{limiter=\"payments\"} 16\n",
            "battlement_concurrency_limit_in_flight{limiter=\"payments\",class=\"default\"} 0\n",
            "battlement_concurrency_limit_rejections_total{limiter=\"payments\",reason=\"queue_timeout\",class=\"default\"} 24\n",
            "battlement_circuit_breaker_state{breaker=\"payments\",state=\"closed\"} 1\n",
            "battlement_circuit_breaker_transitions_total{breaker=\"payments\",state=\"open\"} 0\n",
            "battlement_retry_attempts_total{client=\"payments\",outcome=\"rejected\"} 24\n",
            "battlement_retry_stopped_total{client=\"payments\",reason=\"rejected\"} 24\n",
            "battlement_retry_retries_total{client=\"payments\"} 0\n",
        ] {
            assert!(page.contains(sample), "{sample} is missing: {page}");
        }
    }

    #[test]
    fn without_a_limit_every_order_is_charged() {
        let payments = Payments::start();
        let settings = [("PAYMENTS_URL", &*payments.url()), ("STOREFRONT_CONCURRENCY", "off")];
        let shop = start(&settings);
        slow_down(payments.admin, 1_000);
        let answers = at_once(ORDERS, &shop, "POST", "/orders", MUG);
        assert_eq!(count(&answers, 201), ORDERS, "{answers:?}");
    }
}
