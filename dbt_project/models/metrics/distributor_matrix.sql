-- Distributors beside each other: size, growth, margin, stability and concentration of each, rated high or low by the
-- settings, and the segment that follows by one rule (macros/metrics/distributor_matrix.sql), with its reason. One row
-- per distributor and span: the 12 closed months up to the as-of date, and each fiscal year as far as it is closed.
-- Concentration is over product families: most distributors buy in their own name, so orders do not tell end customers.
with months as (
  select
    months.*,
    case
      when {{ month_end('as_of.as_of_on') }} = as_of.as_of_on then {{ month_start('as_of.as_of_on') }}
      else {{ month_after('as_of.as_of_on', -1) }}
    end as last_closed
  from {{ ref('distributor_month') }} as months
  cross join {{ ref('int_as_of') }} as as_of
),

line as (
  select
    lines.order_id,
    lines.distributor_id,
    lines.net_invoiced,
    lines.cogs,
    products.family,
    {{ month_start('lines.invoiced_on') }} as month
  from {{ ref('invoice_line_facts') }} as lines
  left join {{ ref('dim_product') }} as products on lines.product_id = products.product_id
  where not lines.is_excluded
),

-- the company's books begin with its first order or invoice, whoever it was with
books as (
  select min(month) as first_month
  from (
    select min(month) as month from line
    union all
    select min({{ month_start('ordered_on') }}) as month from {{ ref('order_facts') }}
  ) as begun
),

wanted as (
  select distinct
    'last_12_months' as span,
    {{ month_after('last_closed', -11) }} as first_month,
    last_closed as last_month
  from months
  union all
  select distinct
    'fiscal_year' as span,
    {{ fiscal_period_start('month', 12) }} as first_month,
    least({{ month_after(fiscal_period_start('month', 12), 11) }}, last_closed) as last_month
  from months
  where month <= last_closed
),

-- the books may begin within the span; growth is judged against the same months a year before, when they cover these
span as (
  select
    wanted.span,
    wanted.last_month,
    books.first_month as books_begin,
    greatest(wanted.first_month, coalesce(books.first_month, wanted.first_month)) as first_month,
    coalesce(books.first_month <= {{ month_after('wanted.first_month', -12) }}, false) as is_before_covered
  from wanted
  cross join books
  where coalesce(books.first_month, wanted.first_month) <= wanted.last_month
),

summed as (
  select
    span.span,
    span.first_month,
    span.last_month,
    span.books_begin,
    span.is_before_covered,
    months.distributor_id,
    count(*) as months,
    sum(case when months.order_count > 0 then 1 else 0 end) as active_months,
    {{ full_sum('months.net_invoiced') }} as net_invoiced,
    {{ full_sum('months.contribution') }} as contribution,
    avg(cast(months.net_invoiced as double)) as mean,
    stddev_pop(cast(months.net_invoiced as double)) as deviation
  from span
  inner join months on span.first_month <= months.month and span.last_month >= months.month
  group by
    span.span, span.first_month, span.last_month, span.books_begin, span.is_before_covered, months.distributor_id
),

before as (
  select
    span.span,
    span.first_month,
    months.distributor_id,
    {{ full_sum('months.net_invoiced') }} as net_invoiced
  from span
  inner join months
    on
      {{ month_after('span.first_month', -12) }} <= months.month
      and {{ month_after('span.last_month', -12) }} >= months.month
  where span.is_before_covered
  group by span.span, span.first_month, months.distributor_id
),

counted as (
  {%- for name, months in [('now', 0), ('before', -12)] %}
  select
    '{{ name }}' as side,
    span.span,
    span.first_month,
    line.distributor_id,
    count(distinct line.order_id) as orders,
    count(*) as line_count,
    count(line.cogs) as costed_lines
  from span
  inner join line
    on
      {{ month_after('span.first_month', months) }} <= line.month
      and {{ month_after('span.last_month', months) }} >= line.month
  where line.distributor_id is not null
  group by span.span, span.first_month, line.distributor_id
  {{ 'union all' if not loop.last }}
  {%- endfor %}
),

family as (
  select
    span.span,
    span.first_month,
    line.distributor_id,
    line.family,
    sum(line.net_invoiced) as net_invoiced
  from span
  inner join line on span.first_month <= line.month and span.last_month >= line.month
  where line.distributor_id is not null and line.family is not null
  group by span.span, span.first_month, line.distributor_id, line.family
),

ranked_family as (
  select
    *,
    row_number() over (
      partition by span, first_month, distributor_id
      order by net_invoiced desc, family asc
    ) as place
  from family
  where net_invoiced > 0
),

concentrated as (
  select
    span,
    first_month,
    distributor_id,
    count(*) as families,
    max(case when place = 1 then family end) as largest_family,
    {{ ratio('max(net_invoiced)', 'sum(net_invoiced)') }} as largest_family_share,
    cast(
      round(
        sum(cast(net_invoiced as double) * cast(net_invoiced as double))
        / (sum(cast(net_invoiced as double)) * sum(cast(net_invoiced as double))), 6
      ) as decimal(18, 6)
    ) as family_hhi
  from ranked_family
  group by span, first_month, distributor_id
),

axis as (
  select
    summed.span,
    summed.first_month,
    summed.last_month,
    summed.books_begin,
    summed.is_before_covered,
    summed.distributor_id,
    summed.months,
    summed.active_months,
    summed.net_invoiced,
    summed.contribution,
    concentrated.largest_family,
    concentrated.largest_family_share,
    concentrated.family_hhi,
    coalesce(now.orders, 0) as orders,
    coalesce(now.line_count, 0) as line_count,
    coalesce(now.costed_lines, 0) as costed_lines,
    coalesce(concentrated.families, 0) as families,
    case when summed.is_before_covered then coalesce(earlier.orders, 0) end as orders_before,
    case
      when summed.is_before_covered and before.distributor_id is null then 0
      else before.net_invoiced
    end as net_invoiced_before,
    case
      when before.net_invoiced > 0 then {{ ratio('summed.net_invoiced - before.net_invoiced', 'before.net_invoiced') }}
    end as growth,
    case
      when summed.net_invoiced > 0 then {{ ratio('summed.contribution', 'summed.net_invoiced') }}
    end as margin_rate,
    case
      when summed.months >= 6 and summed.mean > 0
        then cast(round(summed.deviation / summed.mean, 6) as decimal(18, 6))
    end as variation_coefficient
  from summed
  left join before on {{ same_span('summed', 'before') }}
  left join counted as now on now.side = 'now' and {{ same_span('summed', 'now') }}
  left join counted as earlier on earlier.side = 'before' and {{ same_span('summed', 'earlier') }}
  left join concentrated on {{ same_span('summed', 'concentrated') }}
),

-- the middle of what is known, exactly: the mean of the two middle ones of an even number
{%- for name, column in [('size', 'net_invoiced'), ('margin', 'margin_rate')] %}

{{ name }}_place as (
  select
    span,
    first_month,
    {{ column }} as amount,
    row_number() over (partition by span, first_month order by {{ column }}) as place,
    count(*) over (partition by span, first_month) as number_of
  from axis
  where {{ column }} is not null
),

{{ name }}_middle as (
  select
    span,
    first_month,
    max(number_of) as number_of,
    cast(sum(case when mod(number_of, 2) = 1 then amount else amount * 0.5 end) as decimal(28, 9)) as median
  from {{ name }}_place
  where 2 * place between number_of and number_of + 2
  group by span, first_month
),
{%- endfor %}

threshold as (
  select
    axis.*,
    size_middle.number_of as rated_among,
    cast(
      round(cast(size_middle.median as decimal(38, 9)) * {{ decimal_setting('distributor_size_of_median') }}, 2)
      as decimal(18, 2)
    ) as size_threshold,
    cast(
      round(cast(margin_middle.median as decimal(38, 9)) * {{ decimal_setting('distributor_margin_of_median') }}, 8)
      as decimal(18, 8)
    ) as margin_threshold
  from axis
  left join size_middle on axis.span = size_middle.span and axis.first_month = size_middle.first_month
  left join margin_middle on axis.span = margin_middle.span and axis.first_month = margin_middle.first_month
),

rated as (
  select
    *,
    {{ high_or_low('net_invoiced', 'size_threshold') }} as size_rating,
    {{ high_or_low('growth', decimal_setting('distributor_growth_least')) }} as growth_rating,
    {{ high_or_low('margin_rate', 'margin_threshold') }} as margin_rating,
    {{ high_or_low('variation_coefficient', decimal_setting('distributor_variation_most'), at_least=false) }}
      as stability_rating,
    {{ high_or_low('largest_family_share', decimal_setting('distributor_concentration_most')) }} as concentration_rating
  from threshold
),

judged as (
  select
    *,
    orders >= {{ var('distributor_least_orders') }}
    and size_rating is not null
    and growth_rating is not null
    and margin_rating is not null
    and stability_rating is not null
    and concentration_rating is not null as is_rated
  from rated
),

worded as (
  select
    *,
    {{ distributor_missing('en') }} as missing_en,
    {{ distributor_missing('zh') }} as missing_zh,
    {{ distributor_axes('en') }} as axes_en,
    {{ distributor_axes('zh') }} as axes_zh
  from judged
)

select
  distributor_id,
  span,
  first_month,
  last_month,
  cast(net_invoiced as decimal(18, 2)) as net_invoiced,
  orders,
  cast(net_invoiced_before as decimal(18, 2)) as net_invoiced_before,
  orders_before,
  growth,
  cast(contribution as decimal(18, 2)) as contribution,
  margin_rate,
  costed_lines,
  line_count,
  variation_coefficient,
  months,
  cast(active_months as bigint) as active_months,
  largest_family,
  largest_family_share,
  family_hhi,
  families,
  rated_among,
  size_threshold,
  margin_threshold,
  size_rating,
  growth_rating,
  margin_rating,
  stability_rating,
  concentration_rating,
  is_rated,
  {{ distributor_segment('code', "'not_rated'") }} as segment,
  {{ distributor_segment('en', "'not rated'") }} as segment_en,
  {{ distributor_segment('zh', "'未评级'") }} as segment_zh,
  case
    when is_rated then {{ distributor_segment('rule_en', "''") }} || ': ' || axes_en
    else 'not rated because ' || missing_en
  end as reason_en,
  case
    when is_rated then {{ distributor_segment('rule_zh', "''") }} || '：' || axes_zh
    else '未评级，因为' || missing_zh
  end as reason_zh
from worded
