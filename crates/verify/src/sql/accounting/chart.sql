-- Which accounts of the chart (계정) are missing or are something else?
select wanted.code as id,
       format('is %s %s, normal on %s; wanted: %s %s', coalesce(a.number::text, 'missing'), a.type, a.normal_side,
              wanted.number, wanted.type) as detail
  from (values ('cash', 1010, 'asset'), ('receivable_card', 1110, 'asset'), ('receivable_bank', 1120, 'asset'),
               ('suspense_short', 1910, 'asset'), ('partner_payable_unsettled', 2010, 'liability'),
               ('partner_payable_settled', 2020, 'liability'), ('partner_payable_carried', 2030, 'liability'),
               ('voucher_liability', 2110, 'liability'), ('points_liability', 2120, 'liability'),
               ('vat_payable', 2210, 'liability'), ('disputed_funds', 2310, 'liability'),
               ('suspense_over', 2910, 'liability'), ('fee_income', 4010, 'income'),
               ('discount_expense', 5010, 'expense'))
       as wanted (code, number, type)
  left join accounts a on a.code = wanted.code
 where (a.number, a.type) is distinct from (wanted.number, wanted.type) or a.name_en = '' or a.name_ko = ''
 union all
select a.code, 'stands outside of the range of its type'
  from accounts a
 where a.number / 1000 <> case a.type when 'asset' then 1 when 'liability' then 2 when 'equity' then 3
                                      when 'income' then 4 else 5 end
    or a.name_en = ''
    or a.name_ko = ''
 union all
select a.code, 'is in no chart of this version, and was never posted to'
  from accounts a
 where a.code not in ('cash', 'receivable_card', 'receivable_bank', 'suspense_short', 'partner_payable_unsettled',
                      'partner_payable_settled', 'partner_payable_carried', 'voucher_liability', 'points_liability',
                      'vat_payable', 'disputed_funds', 'suspense_over', 'fee_income', 'discount_expense')
   and not exists (select from journal_lines l where l.account = a.code)
