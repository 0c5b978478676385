/* SPDX-License-Identifier: BSD-3-Clause */
#include "metrics/route.h"
#include <criterion/criterion.h>

static enum route route(const char *method, const char *path)
{
    return route_of(bytes_of_string(method), bytes_of_string(path));
}

Test(route, there_are_three_pages)
{
    cr_expect_eq(route("GET", "/metrics"), ROUTE_METRICS);
    cr_expect_eq(route("HEAD", "/metrics"), ROUTE_METRICS);
    cr_expect_eq(route("GET", "/healthz"), ROUTE_HEALTHZ);
    cr_expect_eq(route("GET", "/readyz"), ROUTE_READYZ);
    cr_expect_eq(route("GET", "/"), ROUTE_NOT_FOUND);
    cr_expect_eq(route("GET", ""), ROUTE_NOT_FOUND);
    cr_expect_eq(route("GET", "/metrics/"), ROUTE_NOT_FOUND);
    cr_expect_eq(route("GET", "/METRICS"), ROUTE_NOT_FOUND);
    cr_expect_eq(route("GET", "/../metrics"), ROUTE_NOT_FOUND);
}

Test(route, only_get_and_head_are_allowed)
{
    cr_expect_eq(route("POST", "/metrics"), ROUTE_METHOD_REFUSED);
    cr_expect_eq(route("get", "/metrics"), ROUTE_METHOD_REFUSED);
    cr_expect_eq(route("OPTIONS", "*"), ROUTE_METHOD_REFUSED);
    cr_expect_eq(route("", "/metrics"), ROUTE_METHOD_REFUSED);
}

static bool openmetrics(const char *accept)
{
    return route_format(bytes_of_string(accept)) == EXPOSITION_OPENMETRICS;
}

Test(route, openmetrics_goes_to_who_asks_for_it)
{
    cr_expect(openmetrics("application/openmetrics-text"));
    cr_expect(openmetrics("application/openmetrics-text; version=1.0.0"));
    cr_expect(openmetrics("Application/OpenMetrics-Text;VERSION=1.0.0 ; q=0.2 "));
    cr_expect(openmetrics("text/html, application/openmetrics-text;version=1.0.0"));
    /* What Prometheus says. */
    cr_expect(openmetrics("application/openmetrics-text;version=1.0.0,application/"
                          "openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/"
                          "*;q=0.1"));
}

Test(route, the_old_text_goes_to_everybody_else)
{
    cr_expect_not(openmetrics(""));
    cr_expect_not(openmetrics("*/*"));
    cr_expect_not(openmetrics("text/plain"));
    cr_expect_not(openmetrics("application/openmetrics-text;q=0"));
    cr_expect_not(openmetrics("application/openmetrics-text;q=0.000"));
    cr_expect_not(openmetrics("application/openmetrics-text;version=2.0.0"));
    cr_expect_not(openmetrics("text/plain;version=0.0.4;q=0.9,application/openmetrics-text;q=0.8"));
    cr_expect_not(openmetrics("application/openmetrics-textual"));
    cr_expect_not(openmetrics("xapplication/openmetrics-text"));
    cr_expect_not(openmetrics(",;,,;;q=,"));
}

Test(route, what_is_no_quality_counts_as_none)
{
    cr_expect(openmetrics("application/openmetrics-text;q=,text/plain;q=0.9"));
    cr_expect(openmetrics("application/openmetrics-text;q=abc,text/plain"));
    cr_expect(openmetrics("application/openmetrics-text;q=1.0,text/plain;q=0.999"));
    cr_expect_not(openmetrics("application/openmetrics-text;q=0.998,text/plain;q=0.999"));
}
